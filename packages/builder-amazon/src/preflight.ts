import type { Facts, Issue, PreflightContext } from '@imago/core'
import { isArtifactReference, isImagoError, messageOf } from '@imago/core'

import type { InstanceOptions } from './amazon-ebs-options.ts'
import type { Aws } from './aws/aws.ts'
import { hasAwsCode } from './aws/aws-error.ts'
import { connectAws } from './aws/connect.ts'
import type { Image } from './aws/images.ts'
import type { Connect } from './job.ts'
import type { AmiOptions } from './options/ami.ts'
import { amiName } from './options/ami-name.ts'
import { makesKeyPair } from './options/connect.ts'
import { filterList } from './options/text.ts'
import { takenNames, unknownRegions } from './steps/check-names.ts'
import type { ResolvedSource } from './steps/find-source.ts'
import { findSource } from './steps/find-source.ts'
import { checkUser } from './steps/instance-address.ts'
import { typesOf } from './steps/run-instance.ts'

/**
 * What can be told of a build before it begins: credentials, the source image, regions, the name, the instance types, and permissions, as far
 * as AWS says what it would do. Changes nothing.
 */
export async function preflight(
  options: InstanceOptions,
  ami: AmiOptions | false,
  ctx: PreflightContext,
  connect: Connect = connectAws,
): Promise<readonly Issue[]> {
  const aws = await connect(options)
  await aws.call('GetCallerIdentity', {}, ctx)
  const source = isArtifactReference(options.sourceAmi) ? undefined : await lookForSource(aws, options, options.sourceAmi, ctx)
  const found = await Promise.all([
    ami === false ? [] : checkAmi(aws, ami, source?.image, ctx),
    checkTypes(aws, options, ctx),
    source?.image === undefined ? [] : checkPermissions(aws, options, source.image, ctx),
  ])
  return [...(source?.issues ?? []), ...found.flat()]
}

interface FoundSource {
  readonly image: Image | undefined
  readonly issues: readonly Issue[]
}

async function lookForSource(aws: Aws, options: InstanceOptions, source: ResolvedSource, ctx: PreflightContext): Promise<FoundSource> {
  let image: Image | undefined
  try {
    image = await findSource(aws, source, ctx)
    checkUser(options, image)
    return { image, issues: [] }
  } catch (error) {
    return { image, issues: [issueOf(error, [image === undefined ? 'sourceAmi' : 'connect'])] }
  }
}

async function checkAmi(aws: Aws, ami: AmiOptions, source: Image | undefined, ctx: PreflightContext): Promise<readonly Issue[]> {
  const regions = await unknownRegions(aws, ami, ctx)
  if (regions.length > 0 || source === undefined || typeof ami.name === 'function' || !isKnownName(ami.name)) return regions
  const facts: Facts = { buildName: 'build', builderType: 'amazon', runId: 'preflight', image: 'image' }
  return await takenNames(aws, ami, amiName(ami.name, { now: new Date(), facts }), ctx)
}

/** Whether the name does not depend on the build: one that does will most likely be free. */
function isKnownName(name: string): boolean {
  return !/\{(?!date\})/.test(name)
}

async function checkTypes(aws: Aws, options: InstanceOptions, ctx: PreflightContext): Promise<readonly Issue[]> {
  const types = typesOf(options)
  const zone = options.network?.availabilityZone
  const { InstanceTypeOfferings = [] } = await aws.call(
    'DescribeInstanceTypeOfferings',
    {
      LocationType: zone === undefined ? 'region' : 'availability-zone',
      Filters: filterList({ 'instance-type': types, ...(zone !== undefined && { location: zone }) }),
    },
    ctx,
  )
  const offered = new Set(InstanceTypeOfferings.map(({ InstanceType = '' }): string => InstanceType))
  return types
    .map((type, index): Issue => ({
      path: typeof options.instanceType === 'string' ? ['instanceType'] : ['instanceType', index],
      message: `${zone ?? aws.region} offers no '${type}'`,
      hint: 'take another type, or another zone or region',
    }))
    .filter((_, index) => !offered.has(types[index] ?? ''))
}

/** AWS says whether it would do these; of the others, it only says so when the thing is there. */
async function checkPermissions(aws: Aws, options: InstanceOptions, source: Image, ctx: PreflightContext): Promise<readonly Issue[]> {
  const [type] = typesOf(options)
  const ImageId = source.id
  const questions = [
    () => aws.call('RunInstances', { DryRun: true, ImageId, MinCount: 1, MaxCount: 1, InstanceType: type as never }, ctx), // see runInstance
    ...(options.network?.securityGroups === undefined
      ? [() => aws.call('CreateSecurityGroup', { DryRun: true, GroupName: 'imago-preflight', Description: 'imago preflight' }, ctx)]
      : []),
    ...(makesKeyPair(options.connect)
      ? [() => aws.call('ImportKeyPair', { DryRun: true, KeyName: 'imago-preflight', PublicKeyMaterial: Buffer.from(sampleKey) }, ctx)]
      : []),
  ]
  const issues = await Promise.all(questions.map(async (ask) => refusalOf(ask)))
  return issues.flat()
}

/** A public key that AWS takes; nobody has its private half. */
const sampleKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA imago-preflight'

async function refusalOf(ask: () => Promise<unknown>): Promise<readonly Issue[]> {
  try {
    await ask()
    return []
  } catch (error) {
    if (hasAwsCode(error, ['DryRunOperation'])) return []
    return isImagoError(error, 'AUTHENTICATION_FAILED') ? [issueOf(error, ['access'])] : [] // it is about what the test asked for
  }
}

function issueOf(error: unknown, path: Issue['path']): Issue {
  const hint = isImagoError(error) ? error.hint : undefined
  return { path, message: messageOf(error), ...(hint !== undefined && { hint }) }
}
