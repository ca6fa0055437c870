import { stat } from 'node:fs/promises'

import type { MediaSource } from '@imago/hypervisor'

import type { VirtualBox } from './virtualbox.ts'
import { virtualBoxVersion } from './version.ts'

/** Where VirtualBox offers what belongs to a version of it. */
const downloads = 'https://download.virtualbox.org/virtualbox'

/** The ISO image of the Guest Additions: the one that came with VirtualBox, or else the one of its version on its own server. */
export async function findGuestAdditions(box: VirtualBox, signal: AbortSignal): Promise<MediaSource> {
  const properties = await box.manage(['list', 'systemproperties'], { signal })
  const installed = /^Default Guest Additions ISO:[ \t]*(\S.*?)\r?$/m.exec(properties)?.[1]
  if (installed !== undefined && (await isFile(installed))) return { url: installed, checksum: 'none' }
  const { number } = await virtualBoxVersion(box, signal)
  const folder = `${downloads}/${number}`
  return { url: `${folder}/VBoxGuestAdditions_${number}.iso`, checksum: { url: `${folder}/SHA256SUMS` } }
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
