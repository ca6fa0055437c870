import type { Facts, Issue, PreflightContext } from '@imago/core'
import { isArtifactReference, isImagoError } from '@imago/core'

import type { InstanceOptions } from './amazon-ebs-options.ts'
import type { Aws } from './aws/aws.ts'
import { hasAwsCode } from './aws/aws-error.ts'
import { connectAws } from './aws/connect.ts'
import type { Image } from './aws/images.ts'
import type { Connect } from './job.ts'
import type { AmiOptions } from './options/ami.ts'
import { copyRegions } from './options/ami.ts'
import { amiName } from './options/ami-name.ts'
import { makesKeyPair, wayInto } from './options/connect.ts'
import type { BuiltVolume } from './options/built-volume.ts'
import { withVolumes } from './options/built-volume.ts'
import { homeRegion } from './options/region.ts'
import type { UsedKey } from './options/used-keys.ts'
import { usedKeys } from './options/used-keys.ts'
import { snapshotIssues, sourceIssues, templateIssues } from './steps/ami-issues.ts'
import { checkKeys } from './steps/check-keys.ts'
import { checkLogin } from './steps/check-login.ts'
import { takenNames, unknownRegions } from './steps/check-names.ts'
import type { Ground } from './steps/find-ground.ts'
import { findGround } from './steps/find-ground.ts'
import type { ResolvedSource } from './steps/find-source.ts'
import { findSource } from './steps/find-source.ts'
import { checkUser } from './steps/instance-address.ts'
import { givenProfile } from './steps/instance-profile.ts'
import { issueOf } from './steps/issue-collector.ts'
import { launchDevices } from './steps/launch-devices.ts'
import { tryLaunch } from './steps/try-launch.ts'
import { readUserData } from './steps/user-data.ts'

/** What differs from one builder to the other. */
export interface PreflightParts {
  readonly connect?: Connect
  /** How the AMI is made. @default CreateImage */
  readonly creates?: 'CreateImage' | 'RegisterImage'
  /** Volumes that stay. @default none */
  readonly volumes?: readonly BuiltVolume[]
}

/**
 * What can be told of a build before it begins: credentials, regions, the source image, what the options name, the name of the AMI, and
 * permissions, as far as AWS says what it would do. Changes nothing.
 */
export async function preflight(
  options: InstanceOptions,
  ami: AmiOptions | false,
  ctx: PreflightContext,
  { connect = connectAws, creates = 'CreateImage', volumes = [] }: PreflightParts = {},
): Promise<readonly Issue[]> {
  const aws = await connect(options)
  await aws.in(homeRegion(aws.region)).call('GetCallerIdentity', {}, ctx)
  const regions = await unknownRegions(aws, ami, ctx)
  if (regions.some(({ path }) => path[0] === 'region')) return regions // nobody answers there
  const source = isArtifactReference(options.sourceAmi) ? undefined : await lookForSource(aws, options, options.sourceAmi, ctx)
  const login = await lookForLogin(options, ctx)
  const { ground, issues } = await findGround(aws, options, ctx)
  const image = source?.image
  const found = await Promise.all([
    ami === false || regions.length > 0 ? [] : checkAmi(aws, options, ami, image, ctx),
    ground === undefined || image === undefined ? [] : checkLaunch(aws, withVolumes(options, volumes), ami, { image, ground }, ctx),
    regions.length > 0 ? [] : keysOf(aws, usedKeys({ launch: options.launch, ami, volumes }, aws.region), ctx),
    checkPermissions(aws, options, ami, { source: image, creates }, ctx),
  ])
  return [...(source?.issues ?? []), ...regions, ...login, ...issues, ...found.flat()]
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

async function lookForLogin({ connect }: InstanceOptions, { directory }: PreflightContext): Promise<readonly Issue[]> {
  try {
    await checkLogin(connect, { directory, maskSecret: () => undefined }) // what is found is masked by whoever asks
    return []
  } catch (error) {
    return [issueOf(error, ['connect'])]
  }
}

async function checkAmi(
  aws: Aws,
  options: InstanceOptions,
  ami: AmiOptions,
  source: Image | undefined,
  ctx: PreflightContext,
): Promise<readonly Issue[]> {
  const facts: Facts = { buildName: 'build', builderType: 'amazon', runId: 'preflight', image: 'image' }
  const isKnown = typeof ami.name === 'string' && isKnownName(ami.name)
  const asked = await Promise.all([
    isKnown ? takenNames(aws, ami, amiName(ami.name, { now: new Date(), facts }), ctx) : [],
    templateIssues(aws, ami, ctx),
    snapshotIssues(aws, ami, ctx),
  ])
  return [...asked.flat(), ...(source === undefined ? [] : sourceIssues(ami, source, aws.region))]
}

/** Keys that may not be looked at are no problem: the build itself says so. */
async function keysOf(aws: Aws, keys: readonly UsedKey[], ctx: PreflightContext): Promise<readonly Issue[]> {
  const { issues } = await checkKeys(aws, keys, ctx)
  return issues
}

/** Whether the name does not depend on the build: one that does will most likely be free. */
function isKnownName(name: string): boolean {
  return !/\{(?!date\})/.test(name)
}

/** Whether AWS would start the instance. */
async function checkLaunch(
  aws: Aws,
  options: InstanceOptions,
  ami: AmiOptions | false,
  { image, ground }: { readonly image: Image; readonly ground: Ground },
  ctx: PreflightContext,
): Promise<readonly Issue[]> {
  try {
    const tags = { 'imago.run': 'preflight' }
    const parts = {
      source: image,
      devices: launchDevices(image, options.launch ?? {}, ami === false ? {} : ami),
      groups: ground.groups ?? [],
      profile: givenProfile(options),
      userData: await readUserData(options, ctx.directory),
      keyName: wayInto(options.connect)?.keyPair,
      tags: { instance: tags, volume: tags },
    }
    await tryLaunch(aws, options, parts, ground.network, ctx)
    return []
  } catch (error) {
    return [issueOf(error, [isImagoError(error, 'AUTHENTICATION_FAILED') ? 'access' : 'launch'])]
  }
}

/** AWS says whether it would do these; of the others, it only says so when the thing is there. */
async function checkPermissions(
  aws: Aws,
  options: InstanceOptions,
  ami: AmiOptions | false,
  { source, creates }: { readonly source: Image | undefined; readonly creates: 'CreateImage' | 'RegisterImage' },
  ctx: PreflightContext,
): Promise<readonly Issue[]> {
  const DryRun = true
  const Name = 'imago-preflight'
  const copies = ami === false || source === undefined ? [] : [...copyRegions(ami, aws.region).keys()]
  const questions = [
    options.network?.securityGroups === undefined &&
      (() => aws.call('CreateSecurityGroup', { DryRun, GroupName: 'imago-preflight', Description: 'imago preflight' }, ctx)),
    makesKeyPair(options.connect) &&
      (() => aws.call('ImportKeyPair', { DryRun, KeyName: 'imago-preflight', PublicKeyMaterial: Buffer.from(sampleKey) }, ctx)),
    ami !== false &&
      (() =>
        creates === 'CreateImage'
          ? aws.call('CreateImage', { DryRun, InstanceId: sampleInstance, Name }, ctx)
          : aws.call('RegisterImage', { DryRun, Name, RootDeviceName: '/dev/xvda', BlockDeviceMappings: [sampleRoot] }, ctx)),
    ...copies.map((region) => async () => {
      const request = { DryRun, SourceRegion: aws.region, SourceImageId: source?.id, Name }
      return await aws.in(region).call('CopyImage', request, ctx)
    }),
  ]
  const issues = await Promise.all(questions.map(async (ask) => (ask === false ? [] : refusalOf(ask))))
  return issues.flat()
}

/** A public key that AWS takes; nobody has its private half. */
const sampleKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA imago-preflight'
/** Has the form of an id: AWS looks at permissions first. */
const sampleInstance = 'i-00000000000000000'
const sampleRoot = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-00000000000000000' } }

async function refusalOf(ask: () => Promise<unknown>): Promise<readonly Issue[]> {
  try {
    await ask()
    return []
  } catch (error) {
    if (hasAwsCode(error, ['DryRunOperation'])) return []
    return isImagoError(error, 'AUTHENTICATION_FAILED') ? [issueOf(error, ['access'])] : [] // it is about what the test asked for
  }
}
