import { basename } from 'node:path'

import type { ArchiveEntry } from '@imago/archive'
import type { Artifact } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { ApplianceFiles } from './appliance-files.ts'
import { applianceFiles, readText } from './appliance-files.ts'
import type { BoxContent } from './box-content.ts'
import { rubyString } from './box-content.ts'
import { architectureOfGuest, parseOvf } from './ovf-description.ts'

/**
 * A box for VirtualBox: the description of the machine as `box.ovf`, where Vagrant looks for it, with the files that it names, and the
 * digests of all of them where the export has some.
 * @throws ImagoError `UNSUPPORTED`, `INPUT_MISSING`, `TRANSFER_FAILED`
 */
export async function virtualBoxBox(input: Artifact, signal: AbortSignal): Promise<BoxContent> {
  const appliance = await applianceFiles(input, signal)
  const { description } = appliance
  const machine = parseOvf(await readText(description))
  if (machine === undefined) throw new ImagoError('UNSUPPORTED', `'${description.name}' is no description of a machine in OVF`)
  const names = machine.files.map((name) => checkName(name, description))
  const files = await Promise.all(names.map((name) => appliance.find(name)))
  const { macAddress, guestOsType } = machine
  return {
    architecture: guestOsType === undefined ? undefined : architectureOfGuest(guestOsType),
    metadata: {},
    // Vagrant gives the address of the box to each machine made from it: guests that know their interfaces by it come up
    vagrantfile: macAddress === undefined ? [] : [`config.vm.base_mac = ${rubyString(macAddress)}`],
    entries: [{ ...description, name: 'box.ovf' }, ...(await digests(appliance, names)), ...files],
  }
}

/** A box is flat, and nobody shall write outside of it. */
function checkName(name: string, description: ArchiveEntry): string {
  if (name !== '' && name === basename(name) && name !== '..' && !name.includes('\\')) return name
  throw new ImagoError('UNSUPPORTED', `'${description.name}' names the file '${name}', which is not beside it`)
}

/** The list of digests with the description under its new name, and of nothing that is not in the box. */
async function digests({ manifest, description }: ApplianceFiles, names: readonly string[]): Promise<readonly ArchiveEntry[]> {
  if (manifest === undefined) return []
  const lines = (await readText(manifest)).split(/\r?\n/).flatMap((line) => {
    const [, algorithm, name, digest] = /^(\w+)\s*\((.*)\)\s*=\s*([\da-fA-F]+)\s*$/.exec(line) ?? []
    if (name === description.name) return [`${algorithm} (box.ovf) = ${digest}\n`]
    return name !== undefined && names.includes(name) ? [`${algorithm} (${name}) = ${digest}\n`] : []
  })
  const content = Buffer.from(lines.join(''))
  return [{ ...manifest, name: 'box.mf', size: content.length, content }]
}
