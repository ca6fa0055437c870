import type { Issue } from '@imago/core'

import type { AmiOptions } from './ami.ts'
import { copyRegions } from './ami.ts'
import type { DeviceMapping } from './block-device.ts'

/** A key that something is encrypted with in a region. */
interface UsedKey {
  readonly path: Issue['path']
  readonly key: string | undefined
  readonly region: string | undefined
}

/** Keys of KMS that are named by an ARN of another region than the one that they are used in: AWS finds no such key there. */
export function keyRegionIssues(
  ami: Pick<AmiOptions, 'kmsKey' | 'regions' | 'blockDevices'>,
  ownRegion: string | undefined,
  launched: readonly DeviceMapping[] = [],
): readonly Issue[] {
  const devices = (path: Issue['path'], mappings: readonly DeviceMapping[]): readonly UsedKey[] =>
    mappings.map((mapping, index) => ({
      path: [...path, index, 'kmsKey'],
      key: 'kmsKey' in mapping ? mapping.kmsKey : undefined,
      region: ownRegion,
    }))
  const used: readonly UsedKey[] = [
    { path: ['ami', 'kmsKey'], key: ami.kmsKey, region: ownRegion },
    ...[...copyRegions(ami, ownRegion)].map(([region, { kmsKey: key }]) => ({ path: ['ami', 'regions', region, 'kmsKey'], key, region })),
    ...devices(['launch', 'blockDevices'], launched),
    ...devices(['ami', 'blockDevices'], ami.blockDevices ?? []),
  ]
  return used.flatMap(({ path, key, region }): readonly Issue[] => {
    const of = /^arn:[\w-]+:kms:([\w-]+):/.exec(key ?? '')?.[1]
    if (of === undefined || region === undefined || of === region) return []
    return [{ path, message: `is a key of ${of}, and is used in ${region}`, hint: 'give a key of that region' }]
  })
}
