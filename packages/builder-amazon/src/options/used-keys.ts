import type { Issue } from '@imago/core'

import type { AmiOptions } from './ami.ts'
import { copyRegions } from './ami.ts'
import type { DeviceMapping } from './block-device.ts'
import type { BuiltVolume } from './built-volume.ts'
import type { LaunchOptions } from './launch.ts'

/** A key of KMS that something is encrypted with. */
export interface UsedKey {
  /** The option that names it. */
  readonly path: Issue['path']
  /** Its id, its ARN, or `alias/…` */
  readonly key: string
  /** Where it is used; `undefined` as long as only the environment says it. */
  readonly region: string | undefined
  /** Whether others are to use what is encrypted with it. */
  readonly isShared: boolean
}

/** Options that name keys. */
export interface KeyedOptions {
  readonly launch?: Pick<LaunchOptions, 'blockDevices'> | undefined
  /** @default none */
  readonly ami?: KeyedAmi | false
  /** @default none */
  readonly volumes?: readonly BuiltVolume[] | undefined
}

type KeyedAmi = Pick<AmiOptions, 'kmsKey' | 'regions' | 'shareWith' | 'shareSnapshotsWith'>

/** The keys that options of a build name. */
export function usedKeys({ launch, ami = false, volumes = [] }: KeyedOptions, ownRegion: string | undefined): readonly UsedKey[] {
  const isShared = ami !== false && (ami.shareWith !== undefined || ami.shareSnapshotsWith !== undefined)
  return [
    ...(ami === false ? [] : imageKeys(ami, { region: ownRegion, isShared })),
    ...deviceKeys(launch?.blockDevices, { path: ['launch', 'blockDevices'], region: ownRegion, isShared }),
    ...volumes.flatMap(({ kmsKey, snapshot }, index) =>
      usedKey(kmsKey, { path: ['volumes', index, 'kmsKey'], region: ownRegion, isShared: snapshot?.shareWith !== undefined }),
    ),
  ]
}

function imageKeys(ami: KeyedAmi, own: Pick<UsedKey, 'region' | 'isShared'>): readonly UsedKey[] {
  const { isShared } = own
  const copies = [...copyRegions(ami, own.region)].map(([region, { kmsKey }]) => {
    return usedKey(kmsKey, { path: ['ami', 'regions', region, 'kmsKey'], region, isShared })
  })
  return [...usedKey(ami.kmsKey, { path: ['ami', 'kmsKey'], ...own }), ...copies.flat()]
}

function deviceKeys(mappings: readonly DeviceMapping[] = [], { path, ...use }: Omit<UsedKey, 'key'>): readonly UsedKey[] {
  return mappings.flatMap((mapping, index) =>
    usedKey('kmsKey' in mapping ? mapping.kmsKey : undefined, { path: [...path, index, 'kmsKey'], ...use }),
  )
}

/** A key that an option may name. */
export function usedKey(key: string | undefined, use: Omit<UsedKey, 'key'>): readonly UsedKey[] {
  return key === undefined ? [] : [{ key, ...use }]
}

/** What can be told of keys without asking AWS. */
export function keyIssues(keys: readonly UsedKey[]): readonly Issue[] {
  return keys.flatMap(({ path, key, region, isShared }): readonly Issue[] => {
    if (isShared && isAmazonAlias(key)) return [managedKeyIssue(path, key)]
    if (!isElsewhere(key, region)) return []
    return [{ path, message: `is a key of ${regionOf(key) ?? ''}, and is used in ${region ?? ''}`, hint: 'give a key of that region' }]
  })
}

/** That others are to use what is encrypted with a key of Amazon's, which nobody else may use. */
export function managedKeyIssue(path: Issue['path'], key: string): Issue {
  return {
    path,
    message: `'${key}' is a key that AWS manages, and what is encrypted with it cannot be shared`,
    hint: 'give a key of your own that those accounts may use',
  }
}

function isAmazonAlias(key: string): boolean {
  return /(?:^|:)alias\/aws\//.test(key)
}

/** Whether an ARN says that a key is in another region than the one that it is used in: AWS finds no such key there. */
function isElsewhere(key: string, region: string | undefined): boolean {
  const own = regionOf(key)
  return own !== undefined && region !== undefined && own !== region
}

function regionOf(key: string): string | undefined {
  return /^arn:[\w-]+:kms:([\w-]+):/.exec(key)?.[1]
}
