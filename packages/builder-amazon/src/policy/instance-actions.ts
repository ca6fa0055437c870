import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { AmiOptions } from '../options/ami.ts'
import { copyRegions } from '../options/ami.ts'
import type { ConnectOptions } from '../options/connect.ts'
import { makesKeyPair, wayInto, windowsPasswordOf } from '../options/connect.ts'
import { isKnownRegion } from '../options/region.ts'
import type { SpotOptions } from '../options/spot.ts'
import { temporaryPolicy } from '../steps/instance-profile.ts'

/** What a build needs permission for. */
export interface Actions {
  /** On anything: to look, and to create. */
  readonly anywhere: readonly string[]
  /** On things that bear the tags of a build only: to change and to remove. */
  readonly own: readonly string[]
}

/** Several together. */
export function together(...all: readonly (Actions | undefined | false)[]): Actions {
  const given = all.filter((each) => each !== undefined && each !== false)
  return { anywhere: given.flatMap(({ anywhere }) => anywhere), own: given.flatMap(({ own }) => own) }
}

/** The actions of these names, of one service. */
export function actions(service: string, { anywhere = [], own = [] }: Partial<Actions>): Actions {
  const full = (name: string): string => `${service}:${name}`
  return { anywhere: anywhere.map(full), own: own.map(full) }
}

/** What it takes to start an instance, to enter it and to end it. */
export function instanceActions(options: InstanceOptions): Actions {
  const { network, spot, launch, sourceAmi } = options
  const profile = launch?.instanceProfile
  return together(
    actions('ec2', {
      anywhere: ['CreateTags', 'DescribeImages', 'DescribeInstances', 'DescribeVolumes', 'GetConsoleOutput', 'RunInstances'],
      own: ['DeleteVolume', 'TerminateInstances'],
    }),
    actions('ec2', { anywhere: ['DescribeInstanceTypeOfferings', 'DescribeSubnets', 'DescribeVpcs'] }),
    network?.securityGroups === undefined
      ? actions('ec2', {
          anywhere: ['CreateSecurityGroup', 'DescribeSecurityGroups'],
          own: ['AuthorizeSecurityGroupIngress', 'DeleteSecurityGroup'],
        })
      : actions('ec2', { anywhere: ['DescribeSecurityGroups'] }),
    network?.availabilityZone !== undefined && actions('ec2', { anywhere: ['DescribeAvailabilityZones'] }),
    (options.region === undefined || !isKnownRegion(options.region)) && actions('ec2', { anywhere: ['DescribeRegions'] }),
    connectActions(options.connect),
    spot === undefined ? actions('ec2', { own: ['StopInstances'] }) : spotActions(spot),
    temporaryPolicy(options) !== undefined && profileActions,
    typeof profile === 'string' &&
      actions('iam', { anywhere: ['PassRole', ...(launch?.skipProfileCheck === true ? [] : ['GetInstanceProfile'])] }),
    typeof sourceAmi === 'object' && 'parameter' in sourceAmi && actions('ssm', { anywhere: ['GetParameter'] }),
    launch?.blockDevices?.some((mapping) => 'encrypted' in mapping && mapping.encrypted) === true && keyActions,
    options.access?.decodeErrors === true && actions('sts', { anywhere: ['DecodeAuthorizationMessage'] }),
  )
}

function connectActions(connect: ConnectOptions | undefined): Actions {
  const way = wayInto(connect)
  return together(
    makesKeyPair(connect) && actions('ec2', { anywhere: ['DescribeKeyPairs', 'ImportKeyPair'], own: ['DeleteKeyPair'] }),
    way?.keyPair !== undefined && actions('ec2', { anywhere: ['DescribeKeyPairs'] }),
    way?.address === 'public-dns' && way.host === undefined && actions('ec2', { anywhere: ['DescribeVpcAttribute'] }),
    windowsPasswordOf(way) !== undefined && actions('ec2', { anywhere: ['GetPasswordData'] }),
    way?.address === 'session-manager' && actions('ssm', { anywhere: ['StartSession', 'TerminateSession'] }),
  )
}

function spotActions({ tags }: SpotOptions): Actions {
  return together(
    actions('ec2', { anywhere: ['CreateFleet', 'CreateLaunchTemplate', 'DescribeLaunchTemplates'], own: ['DeleteLaunchTemplate'] }),
    actions('iam', { anywhere: ['CreateServiceLinkedRole'] }),
    tags !== undefined && actions('ec2', { anywhere: ['CreateTags'] }),
  )
}

const profileActions: Actions = actions('iam', {
  anywhere: [
    'AddRoleToInstanceProfile',
    'CreateInstanceProfile',
    'CreateRole',
    'DeleteInstanceProfile',
    'DeleteRole',
    'DeleteRolePolicy',
    'GetInstanceProfile',
    'ListRolePolicies',
    'PassRole',
    'PutRolePolicy',
    'RemoveRoleFromInstanceProfile',
    'TagInstanceProfile',
    'TagRole',
  ],
})

/** What it takes to finish an image, wherever it comes from. */
export function imageActions(ami: AmiOptions, region: string | undefined): Actions {
  const { deprecateAt, deprecateAfter, shareWith, productCodes, imdsSupport, deregistrationProtection, fastLaunch, forceDeregister } = ami
  const modifiesImage = shareWith !== undefined || productCodes !== undefined || imdsSupport !== undefined
  const removal = ['DeleteSnapshot', 'DeregisterImage']
  return together(
    actions('ec2', { anywhere: ['DescribeImages', 'DescribeSnapshots'], own: ['DeleteTags', ...removal] }),
    ami.skipRegionCheck !== true && actions('ec2', { anywhere: ['DescribeRegions'] }),
    copyRegions(ami, region).size > 0 && actions('ec2', { anywhere: ['CopyImage'] }),
    modifiesImage && actions('ec2', { own: ['ModifyImageAttribute'] }),
    ami.shareSnapshotsWith !== undefined && actions('ec2', { own: ['ModifySnapshotAttribute'] }),
    (deprecateAt ?? deprecateAfter) !== undefined && actions('ec2', { own: ['EnableImageDeprecation'] }),
    deregistrationProtection !== undefined &&
      deregistrationProtection !== false &&
      actions('ec2', { own: ['DisableImageDeregistrationProtection', 'EnableImageDeregistrationProtection'] }),
    fastLaunch !== undefined && actions('ec2', { anywhere: ['DescribeFastLaunchImages', 'EnableFastLaunch', 'DescribeLaunchTemplates'] }),
    // the image that goes may be older than these tags
    forceDeregister === true && actions('ec2', { anywhere: ['DisableImageDeregistrationProtection', ...removal] }),
    (ami.enaSupport !== undefined || ami.sriovNetSupport !== undefined) && actions('ec2', { own: ['ModifyInstanceAttribute'] }),
    (ami.encrypt === true || ami.blockDevices?.some((mapping) => 'encrypted' in mapping && mapping.encrypted) === true) && keyActions,
  )
}

/** What EC2 does with a key for the one who asks. */
export const keyActions: Actions = actions('kms', {
  anywhere: ['CreateGrant', 'Decrypt', 'DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'],
})
