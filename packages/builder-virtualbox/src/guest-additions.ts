import { stat } from 'node:fs/promises'

import type { Facts } from '@imago/core'
import { ImagoError, optionSchema } from '@imago/core'
import type { MediaSource } from '@imago/hypervisor'
import { mediaSourceSchema } from '@imago/hypervisor'

import { virtualBoxVersion } from './version.ts'
import type { GuestAdditions } from './virtualbox-options.ts'
import type { VirtualBox } from './virtualbox.ts'

/** Where the Guest Additions are looked for. */
export interface AdditionsSearch {
  readonly facts: Facts
  readonly signal: AbortSignal
}

/**
 * The ISO image of the Guest Additions: what the option says, or for lack of it that which came with VirtualBox.
 * @throws ImagoError `DEFINITION_INVALID` when the option's function makes something else
 */
export async function guestAdditionsSource(
  { iso }: GuestAdditions,
  box: VirtualBox,
  { facts, signal }: AdditionsSearch,
): Promise<MediaSource> {
  if (iso === undefined) return await findGuestAdditions(box, signal)
  if (typeof iso === 'object') return iso
  const { number } = await virtualBoxVersion(box, signal)
  const source = iso({ ...facts, virtualBoxVersion: number })
  const [issue] = optionSchema.schemaIssues(mediaSourceSchema, source)
  if (issue === undefined) return source
  const where = ['guestAdditions', 'iso', ...issue.path].join('.')
  throw new ImagoError('DEFINITION_INVALID', `${where} ${issue.message}, for VirtualBox ${number}`)
}

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
