import { addVersion, newSecret } from '../secrets/secrets.ts'
import type { Region } from '../state/region.ts'
import type { World } from '../state/world.ts'
import type { SeedImage } from './seed-image.ts'
import type { SeedKey } from './seed-keys.ts'
import { seedKeys } from './seed-keys.ts'
import { stableId } from './seed-region.ts'

/** What an account has from the start, beside its regions' networks and images. */
export interface AccountSeeds {
  readonly images: readonly SeedImage[]
  /** Values of the Parameter Store by name, in every region. */
  readonly parameters: Readonly<Record<string, string>>
  /** Values of Secrets Manager by name, in every region. */
  readonly secrets: Readonly<Record<string, string>>
  /** Keys of KMS, beside those that Amazon makes. */
  readonly keys: readonly SeedKey[]
  /** Names of buckets. */
  readonly buckets: readonly string[]
}

/** Fills an account. */
export function seedAccount(world: World, { images, parameters, secrets, keys, buckets }: AccountSeeds): void {
  seedImportRole(world)
  const [first] = world.regions.keys()
  for (const name of buckets) world.objects.create(name, first ?? '', true)
  for (const region of world.regions.values()) {
    seedKeys(world, region, keys)
    for (const [name, value] of Object.entries(parameters)) addParameter(region, name, value, world)
    for (const { name, parameters: paths = [] } of images) {
      for (const path of paths) addParameter(region, path, stableId('ami-', `${region.name}/${name}`), world)
    }
    for (const [name, value] of Object.entries(secrets)) {
      const secret = newSecret(name, { world, region }, true)
      addVersion(secret, { text: value }, world.now())
      region.secrets.set(name, secret)
    }
  }
}

function addParameter({ parameters }: Region, name: string, value: string, world: World): void {
  parameters.set(name, { type: 'String', value, version: 1, modifiedAt: new Date(world.now()), seeded: true })
}

/** The role that `ImportImage` needs, as Amazon's guide has one make it. */
function seedImportRole({ iam, account }: World): void {
  const name = 'vmimport'
  const assumeRolePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'vmie.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  })
  iam.roles.set(name, {
    name,
    arn: `arn:aws:iam::${account}:role/${name}`,
    id: 'AROAVMIMPORT000000000',
    path: '/',
    createdAt: new Date(0),
    visibleAt: 0,
    seeded: true,
    tags: new Map(),
    assumeRolePolicy,
    description: undefined,
    maxSession: 3600,
    policies: new Map(),
    attached: new Set(),
  })
}
