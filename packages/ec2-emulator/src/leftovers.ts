import type { Region, TableName } from './state/region.ts'
import { tableNames } from './state/region.ts'
import type { Resource } from './state/table.ts'
import type { World } from './state/world.ts'

/** Something that clients created and did not remove. */
export interface Leftover {
  /** As tag specifications name it: `instance`, `volume`, `snapshot`, `image`, `key-pair`, `security-group`, …; `role`, `instance-profile`, `session`, `parameter`, `secret`, `bucket`, `object`, `multipart-upload`. */
  readonly kind: string
  readonly id: string
  /** Empty for what belongs to no region. */
  readonly region: string
  /** Where it has one. */
  readonly name: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** All that clients created and did not remove, in all regions. Instances that are terminated or on their way there do not count. */
export function leftovers({ regions, iam, objects }: World): readonly Leftover[] {
  const inRegions = [...regions.values()].flatMap((region) => tableNames.flatMap((name) => leftoversOf(region, name)))
  const roles = [...iam.roles.values()].filter(({ seeded }) => !seeded).map((role) => ({ kind: 'role', ...role }))
  const profiles = [...iam.profiles.values()].map((profile) => ({ kind: 'instance-profile', ...profile }))
  const global = [...roles, ...profiles].map(({ kind, id, name, tags }) => ({ kind, id, region: '', name, tags: Object.fromEntries(tags) }))
  const stored = [...objects.buckets].flatMap(([bucket, { region, seeded, objects: inBucket, uploads }]) => [
    ...(seeded ? [] : [{ kind: 'bucket', id: bucket, region, tags: {} }]),
    ...[...inBucket].map(([key, { tags }]) => ({ kind: 'object', id: `${bucket}/${key}`, region, tags })),
    ...[...uploads].map(([id, { key, tags }]) => ({ kind: 'multipart-upload', id: `${bucket}/${key}#${id}`, region, tags })),
  ])
  return [
    ...inRegions,
    ...global,
    ...stored.map((each) => ({ ...each, name: undefined })),
    ...[...regions.values()].flatMap(namedLeftovers),
  ]
}

/** What is known by its name in a region. */
function namedLeftovers({ name: region, parameters, secrets, sessions }: Region): readonly Leftover[] {
  const named = [
    ...[...parameters].filter(([, { seeded }]) => !seeded).map(([id]) => ({ kind: 'parameter', id })),
    ...[...secrets].filter(([, { seeded }]) => !seeded).map(([id]) => ({ kind: 'secret', id })),
    ...[...sessions.keys()].map((id) => ({ kind: 'session', id })),
  ]
  return named.map(({ kind, id }) => ({ kind, id, region, name: id, tags: {} }))
}

function leftoversOf(region: Region, table: TableName): readonly Leftover[] {
  const rows: readonly Resource[] = region[table].all()
  const { kind } = region[table].names
  return rows
    .filter(({ data, seeded }) => !seeded && !isOver(table, data))
    .map(({ id, data, tags }) => ({ kind, id, region: region.name, name: nameOf(data), tags: Object.fromEntries(tags) }))
}

/** What has ended but can still be described. */
function isOver(table: TableName, data: object): boolean {
  switch (table) {
    case 'instances':
      return 'State' in data && isNamed(data.State, ['terminated', 'shutting-down'])
    case 'fleets':
    case 'spotRequests':
    case 'importTasks':
      return true // records of what was asked for; the instances and images count
    default:
      return false
  }
}

function isNamed(state: unknown, names: readonly string[]): boolean {
  return typeof state === 'object' && state !== null && 'Name' in state && names.includes(String(state.Name))
}

function nameOf(data: object): string | undefined {
  for (const member of ['KeyName', 'GroupName', 'LaunchTemplateName', 'Name']) {
    const name: unknown = Object.entries(data).find(([key]) => key === member)?.[1]
    if (typeof name === 'string') return name
  }
  return undefined
}
