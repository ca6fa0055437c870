import { ImagoError } from '@imago/core'

import type { Image } from '../aws/images.ts'
import type { BlockDeviceInput, DeviceMapping } from '../options/block-device.ts'
import { mappingInput } from '../options/block-device.ts'
import type { LaunchOptions } from '../options/launch.ts'

/** How the volumes of an instance are encrypted. */
export interface Encryption {
  readonly encrypt?: boolean
  readonly kmsKey?: string
}

/**
 * The volumes that an instance starts with: those of the options, and those of the source image where they are to be other than it says.
 * All go with the instance, and are encrypted from the start where the AMI is to be: so no copy of the AMI is needed for it.
 * @throws ImagoError `DEFINITION_INVALID` when volumes are to be plain that cannot be
 */
export function launchDevices(source: Image, launch: LaunchOptions, { encrypt, kmsKey }: Encryption): BlockDeviceInput[] {
  const given = launch.blockDevices ?? []
  if (encrypt === false && source.volumes.some(({ encrypted }) => encrypted)) {
    throw new ImagoError(
      'DEFINITION_INVALID',
      `ami.encrypt is false, and the source AMI ${source.id} has encrypted volumes, which cannot be copied plain`,
      {
        hint: 'start from another AMI, or leave out encrypt',
      },
    )
  }
  const encryption = { ...(encrypt === true && { Encrypted: true }), ...(kmsKey !== undefined && { KmsKeyId: kmsKey }) }
  const named = new Set(given.map(({ device }) => device))
  const own = given.map((mapping): BlockDeviceInput => {
    const input = mappingInput(mapping)
    if (input.Ebs === undefined) return input
    const isNew = !source.volumes.some(({ device }) => device === mapping.device)
    const type = isNew && input.Ebs.VolumeType === undefined ? { VolumeType: 'gp3' as const } : {}
    return { ...input, Ebs: { ...type, ...encryption, ...input.Ebs } }
  })
  const inherited = source.volumes
    .filter(({ device, deleteOnTermination }) => !named.has(device) && (!deleteOnTermination || encrypt === true))
    .map(({ device }): BlockDeviceInput => ({ DeviceName: device, Ebs: { DeleteOnTermination: true, ...encryption } }))
  return [...own, ...inherited, ...(launch.noEphemeral === true ? withoutOwnDisks(given) : [])]
}

/** Windows sees the disks of the instance itself under these names. */
function withoutOwnDisks(given: readonly DeviceMapping[]): BlockDeviceInput[] {
  const named = new Set(given.map(({ device }) => device))
  return 'abcdefghijklmnopqrstuvwx'
    .split('')
    .map((letter) => `xvdc${letter}`)
    .filter((device) => !named.has(device))
    .map((DeviceName) => ({ DeviceName, NoDevice: '' }))
}
