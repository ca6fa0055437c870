import { createHash } from 'node:crypto'

import type { KeySpec, KeyState } from '../kms/keys.ts'
import { defaultKeyId } from '../kms/keys.ts'
import type { Region } from '../state/region.ts'
import type { World } from '../state/world.ts'

/** A key of KMS that is there from the start. */
export interface SeedKey {
  /** A UUID; `mrk-` and 32 hexadecimal digits for a key of several regions. @default made up, another in each region, the same in every run */
  readonly id?: string
  /** `'alias/cows'`. @default none */
  readonly alias?: string
  /** Where it is. @default every region */
  readonly regions?: readonly string[]
  /** @default Enabled */
  readonly state?: KeyState
  /** Its kind: volumes are encrypted with symmetric keys only. @default SYMMETRIC_DEFAULT */
  readonly spec?: KeySpec
}

/** Fills a region with keys: those that Amazon makes, and others. */
export function seedKeys({ account }: World, region: Region, seeds: readonly SeedKey[]): void {
  const common = { spec: 'SYMMETRIC_DEFAULT', state: 'Enabled', createdAt: new Date(0) } as const
  const arn = (id: string): string => `arn:aws:kms:${region.name}:${account}:key/${id}`
  for (const [service, id] of [['ebs', defaultKeyId] as const, ['s3', uuidOf(`${region.name}/s3`)] as const]) {
    const description = `Default key of ${service}, when no other key is defined`
    region.keys.set(id, { ...common, arn: arn(id), manager: 'AWS', description })
    region.keyAliases.set(`alias/aws/${service}`, id)
  }
  for (const [index, { regions, alias, state = 'Enabled', spec = 'SYMMETRIC_DEFAULT', ...seed }] of seeds.entries()) {
    if (regions?.includes(region.name) === false) continue
    const id = seed.id ?? uuidOf(`${region.name}/${alias ?? index}`)
    region.keys.set(id, { ...common, arn: arn(id), manager: 'CUSTOMER', description: '', state, spec })
    if (alias !== undefined) region.keyAliases.set(alias, id)
  }
}

function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
