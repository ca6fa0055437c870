import { sshInputs } from '@imago/communicator-ssh'
import { winrmInputs } from '@imago/communicator-winrm'
import type { Issue, LocalInput } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { AmazonEbsOptions, InstanceOptions } from './amazon-ebs-options.ts'
import { accessIssues, placeEntries } from './options/access.ts'
import { amiEntries, amiIssues } from './options/ami.ts'
import { connectIssues, connectSchema, wayInto } from './options/connect.ts'
import { launchIssues, launchSchema } from './options/launch.ts'
import { networkIssues, networkSchema } from './options/network.ts'
import { pollingSchema } from './options/polling.ts'
import { sourceAmiSchema } from './options/source-ami.ts'
import { spotSchema } from './options/spot.ts'
import { instanceTags, tagCountIssues } from './options/tag-limits.ts'
import { keyIssues, usedKeys } from './options/used-keys.ts'

const instanceType = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, "must be an instance type such as 't3.small'"))

/** The schemas of {@link InstanceOptions} without `spot`, to be spread into a `v.strictObject`. */
export const instanceEntries: Readonly<Record<Exclude<keyof InstanceOptions, 'spot'>, v.GenericSchema>> = {
  ...placeEntries,
  sourceAmi: sourceAmiSchema,
  instanceType: v.union([instanceType, v.pipe(v.array(instanceType), v.minLength(1, 'must hold a type'))]),
  network: v.optional(networkSchema),
  launch: v.optional(launchSchema),
  connect: v.optional(connectSchema),
  polling: v.optional(pollingSchema),
  expireAfter: v.optional(optionSchema.duration),
}

const amiSchema = v.strictObject(amiEntries)
const schema = v.strictObject({
  ...instanceEntries,
  spot: v.optional(spotSchema),
  ami: v.lazy((value): v.GenericSchema => (value === false ? v.literal(false) : amiSchema)),
  skipUnchanged: v.optional(v.boolean()),
})

/** Every problem of the options of `amazonEbs()`, at once. */
export function amazonEbsIssues(options: AmazonEbsOptions): readonly Issue[] {
  const issues = optionSchema.schemaIssues(schema, options)
  if (issues.length > 0) return issues // what options mean together is asked of options that are right by themselves
  return [
    ...instanceIssues(options),
    ...(options.ami === false ? [] : amiIssues(options.ami, options.region, options.launch)),
    ...keyIssues(usedKeys(options, options.region)),
    ...spotImageIssues(options),
  ]
}

/** What an image of a spot instance cannot have: AWS changes this on a stopped instance only, and stops no spot instance of this kind. */
function spotImageIssues({ spot, ami }: AmazonEbsOptions): readonly Issue[] {
  if (spot === undefined || ami === false) return []
  return (['enaSupport', 'sriovNetSupport'] as const)
    .filter((option) => ami[option] !== undefined)
    .map((option) => ({ path: ['ami', option], message: "cannot stand beside 'spot': AWS changes it on a stopped instance only" }))
}

/** What options of the instance mean together. */
export function instanceIssues(options: InstanceOptions): readonly Issue[] {
  const { access, network, region, launch, connect, spot } = options
  const issues: Issue[] = [
    ...accessIssues(access),
    ...networkIssues(network, region),
    ...launchIssues(launch),
    ...connectIssues(connect),
    ...tagCountIssues(instanceTags(options)),
  ]
  const way = wayInto(connect)
  const isPublic = way?.address === 'public-ip' || way?.address === 'public-dns'
  if (isPublic && way.host === undefined && network?.publicIp === false) {
    issues.push({ path: ['connect', 'address'], message: `cannot be '${way.address}' beside network.publicIp: false` })
  }
  if (spot !== undefined && launch?.stop === 'from-inside') {
    issues.push({ path: ['launch', 'stop'], message: "cannot be 'from-inside' beside 'spot': AWS ends a spot instance that stops" })
  }
  return issues
}

/** The local files that the options name. Also of options that validation reports. */
export function instanceInputs({ launch, connect }: InstanceOptions): readonly LocalInput[] {
  const userData = launch?.userData
  const file: readonly LocalInput[] =
    typeof userData === 'object' && typeof userData.file === 'string'
      ? [{ path: userData.file, at: ['launch', 'userData', 'file'], kind: 'file' }]
      : []
  if (typeof connect !== 'object' || connect.communicator === 'none') return file
  const inputs =
    connect.communicator === 'winrm'
      ? [...winrmInputs(connect), ...sshInputs({ ...(connect.key !== undefined && { key: connect.key }) })]
      : sshInputs(connect)
  return [...file, ...inputs.map((input) => ({ ...input, at: ['connect', ...input.at] }))]
}
