import type { Image } from '@imago/core'
import { defineImage, sweep } from '@imago/core'
import type { Fault } from '@imago/ec2-emulator'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { amazonEbs, ebsVolume } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import type { Emulated } from './emulated.ts'
import { emulated, strays } from './emulated.ts'
import { creations } from './journal-rules.ts'

const base = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  ami: { name: 'cow', regions: ['eu-west-1'] },
  polling: { interval: '50ms' },
} as const satisfies AmazonEbsOptions

afterEach(() => vi.unstubAllEnvs())

function imageOf(options: Partial<AmazonEbsOptions> = {}): Image {
  return defineImage({ name: 'cow', builders: { aws: amazonEbs({ ...base, ...options }) } })
}

interface Case {
  readonly name: string
  readonly faults: readonly Fault[]
  readonly options?: Partial<AmazonEbsOptions>
  readonly also?: (aws: Emulated) => void
}

/** Names of everything that is there, apart from the snapshots. */
const images = (aws: Emulated): readonly string[] =>
  aws.emulator.leftovers().flatMap(({ kind, region }) => (kind === 'image' ? [region] : []))

describe('goes on after', () => {
  const cases: readonly Case[] = [
    { name: 'throttling', faults: [{ type: 'throttle', operation: 'CreateImage', times: 2 }] },
    { name: 'throttled describes', faults: [{ type: 'throttle', operation: 'DescribeInstances', times: 2, after: 1 }] },
    { name: 'errors of the service', faults: [{ type: 'error', code: 'InternalError', status: 500, times: 3 }] },
    { name: 'answers that are lost, of every call that creates', faults: lost('lost-response') },
    { name: 'requests that are lost', faults: lost('lost-request') },
    {
      name: 'answers that are lost of a spot instance with a profile, about what AWS does not know yet',
      faults: [
        ...['CreateRole', 'CreateInstanceProfile', 'PutRolePolicy', 'AddRoleToInstanceProfile', 'CreateLaunchTemplate', 'CreateFleet'].map(
          (operation) => ({ type: 'lost-response' as const, operation }),
        ),
        { type: 'invisible', ms: 300, times: Infinity },
      ],
      options: {
        spot: {},
        launch: { instanceProfile: { policy: { Version: '2012-10-17', Statement: [] } } },
      },
      also: ({ emulator }) => expect(emulator.journal.calls().filter(({ outcome }) => outcome.type === 'cut')).toHaveLength(6),
    },
    { name: 'things that AWS does not know yet', faults: [{ type: 'invisible', ms: 300, times: Infinity }] },
    { name: 'an image that takes its time', faults: [{ type: 'slow-image', ms: 400 }] },
    { name: 'a wrong clock', faults: [{ type: 'clock-skew', ms: 3_600_000 }] },
    {
      name: 'a type without capacity',
      faults: [{ type: 'no-capacity', instanceType: 't3.small', times: Infinity }],
      options: { instanceType: ['t3.small', 't3.medium'] },
      also: ({ emulator }) => expect(emulator.journal.calls('RunInstances').at(-1)?.input).toMatchObject({ InstanceType: 't3.medium' }),
    },
    {
      name: 'a zone without capacity',
      faults: [{ type: 'no-capacity', zone: 'us-west-2a', times: Infinity }],
    },
    { name: 'groups that stay in use', faults: [{ type: 'slow-release', ms: 500 }] },
  ]
  test.for(cases)('$name', ({ faults, options, also }) =>
    emulated({}, async (aws) => {
      for (const fault of faults) aws.emulator.faults.inject(fault)
      const { build } = await aws.run(imageOf(options))
      expect(build.error).toBeUndefined()
      expect(build.status).toBe('succeeded')
      expect(strays(aws)).toEqual([])
      expect(images(aws)).toEqual(['us-west-2', 'eu-west-1'])
      also?.(aws)
    }),
  )
})

function lost(type: 'lost-response' | 'lost-request'): readonly Fault[] {
  const operations = [
    'CreateSecurityGroup',
    'AuthorizeSecurityGroupIngress',
    'RunInstances',
    'StopInstances',
    'CreateImage',
    'CopyImage',
    'TerminateInstances',
  ]
  // the first RunInstances only asks whether the instance could be started
  return operations.map((operation) => ({ type, operation, after: operation === 'RunInstances' ? 1 : 0 }))
}

interface Failure extends Case {
  readonly code: string
  readonly message: RegExp
}

describe('fails, says why and leaves nothing after', () => {
  const cases: readonly Failure[] = [
    {
      name: 'no capacity anywhere',
      faults: [{ type: 'no-capacity', times: Infinity }],
      code: 'PROVIDER_UNAVAILABLE',
      message: /^no capacity for t3.small in us-west-2: .*InsufficientInstanceCapacity/,
    },
    {
      name: 'a quota',
      faults: [
        {
          type: 'error',
          operation: 'RunInstances',
          code: 'VcpuLimitExceeded',
          message: 'You have requested more vCPU capacity',
          times: Infinity,
        },
      ],
      code: 'PROVIDER_FAILED',
      message: /^ec2 in us-west-2 refuses RunInstances \(VcpuLimitExceeded\): You have requested more vCPU capacity/,
    },
    {
      name: 'a permission that is missing',
      faults: [
        { type: 'error', operation: 'CreateImage', code: 'UnauthorizedOperation', message: 'You are not authorized', times: Infinity },
      ],
      code: 'AUTHENTICATION_FAILED',
      message: /refuses CreateImage \(UnauthorizedOperation\)/,
    },
    {
      name: 'an image that fails',
      faults: [{ type: 'image-failed', operation: 'CreateImage', reason: 'the volume is on fire' }],
      code: 'PROVIDER_FAILED',
      message: /^the AMI ami-\w+ in us-west-2 is failed: the volume is on fire$/,
    },
    {
      name: 'a copy that fails',
      faults: [{ type: 'image-failed', operation: 'CopyImage', region: 'eu-west-1', reason: 'no room' }],
      options: { ami: { name: 'cow', regions: ['eu-central-1', 'eu-west-1', 'us-east-1'] } },
      code: 'PROVIDER_FAILED',
      message: /^the AMI ami-\w+ in eu-west-1 is failed: no room$/,
    },
    {
      name: 'an instance that AWS ends',
      faults: [{ type: 'terminated', ms: 0, code: 'Server.InternalError', message: 'Server.InternalError: Internal error on launch' }],
      code: 'MACHINE_LOST',
      message: /^instance i-\w+ is (terminated|shutting-down): Server.InternalError: Internal error on launch$/,
    },
    {
      name: 'an image that takes too long',
      faults: [{ type: 'slow-image', ms: 600_000 }],
      options: { polling: { interval: '50ms', imageTimeout: '300ms' } },
      code: 'TIMEOUT',
      message: /^waited 300ms for the AMI ami-\w+ in us-west-2: it is pending$/,
    },
  ]
  test.for(cases)('$name', ({ faults, options, code, message }) =>
    emulated({}, async (aws) => {
      for (const fault of faults) aws.emulator.faults.inject(fault)
      const { build } = await aws.run(imageOf(options))
      expect(build.error).toMatchObject({ code, message: expect.stringMatching(message) })
      expect(aws.emulator.leftovers()).toEqual([])
    }),
  )

  test('credentials that expire: what is left goes with new ones', () =>
    emulated({}, async (aws) => {
      aws.emulator.faults.inject({ type: 'expired-credentials', operation: 'StopInstances' })
      const { build } = await aws.run(imageOf())
      expect(build.error).toMatchObject({ code: 'AUTHENTICATION_FAILED', message: expect.stringMatching(/RequestExpired/) })
      expect(strays(aws)).toHaveLength(3)
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIARENEWED')
      const swept = await sweep({ stateDirectory: aws.stateDirectory })
      expect(swept.map(({ outcome, record }) => `${record.kind} ${outcome}`)).toEqual([
        'amazon-instance removed',
        'amazon-security-group removed',
      ])
      expect(aws.emulator.leftovers()).toEqual([])
    }))
})

describe('cancelled while AWS does not answer', () => {
  test.for(['DescribeImages', 'RunInstances', 'CreateImage', 'CopyImage', 'ModifyImageAttribute'])(
    '%s: the request is ended, and nothing is left',
    (operation) =>
      emulated({}, async (aws) => {
        const fault = aws.emulator.faults.inject({
          type: 'slow-answer',
          operation,
          ms: Infinity,
          after: operation === 'RunInstances' ? 1 : 0,
        })
        const cancel = new AbortController()
        const options = { ami: { name: 'cow', regions: ['eu-west-1'], imdsSupport: 'v2.0' } } as const
        const running = aws.run(imageOf(options), { signal: cancel.signal })
        await vi.waitUntil(() => fault.hits > 0, 20_000)
        cancel.abort()
        const { build } = await running
        expect(build.status).toBe('cancelled')
        await vi.waitUntil(() => aws.emulator.journal.calls(operation).some(({ outcome }) => outcome.type === 'cut'), 20_000)
      }),
  )
})

describe('refuses before anything exists', () => {
  const cases: readonly { readonly name: string; readonly options: Partial<AmazonEbsOptions>; readonly message: RegExp }[] = [
    {
      name: 'a region that does not exist',
      options: { ami: { name: 'cow', regions: ['eu-west-9'] } },
      message: /the account has no region 'eu-west-9'/,
    },
    {
      name: 'an image that does not exist',
      options: { sourceAmi: { owners: ['self'], name: 'none' } },
      message: /no AMI of self in us-west-2 has name none/,
    },
    {
      name: 'a subnet that does not exist',
      options: { network: { subnet: 'subnet-0123456789abcdef0' } },
      message: /no subnet in us-west-2/,
    },
    {
      name: 'a parameter that does not exist',
      options: { sourceAmi: { parameter: '/none' } },
      message: /the Parameter Store in us-west-2 has no '\/none'/,
    },
    {
      name: 'a profile that does not exist',
      options: { launch: { instanceProfile: 'none' } },
      message: /launch.instanceProfile: the account has no instance profile 'none'/,
    },
    {
      name: 'a region of its own that does not exist',
      options: { region: 'us-west-9' },
      message: /region: the account has no region 'us-west-9'/,
    },
    {
      name: 'a region of its own that does not exist, where no AMI is made',
      options: { region: 'us-west-9', ami: false },
      message: /region: the account has no region 'us-west-9'/,
    },
    {
      name: 'a zone that does not exist',
      options: { network: { availabilityZone: 'us-west-2z' } },
      message: /network.availabilityZone: us-west-2 has no zone 'us-west-2z'/,
    },
    {
      name: 'an instance type that does not exist',
      options: { instanceType: 'x99.huge' },
      message: /instanceType: us-west-2 offers no 'x99.huge'/,
    },
    {
      name: 'a second instance type that does not exist',
      options: { instanceType: ['t3.small', 'x99.huge'] },
      message: /instanceType\[1\]: us-west-2 offers no 'x99.huge'/,
    },
    {
      name: 'a zone without the instance type',
      options: { network: { availabilityZone: 'us-west-2c' } },
      message: /instanceType: us-west-2c offers no 't3.small'/,
    },
    {
      name: 'an instance type of another architecture',
      options: { instanceType: 't4g.small' },
      message: /refuses RunInstances \(InvalidParameterValue\): The architecture 'arm64'/,
    },
    {
      name: 'a second instance type of another architecture, of a spot instance',
      options: { instanceType: ['t3.small', 't4g.small'], spot: {} },
      message: /refuses RunInstances \(InvalidParameterValue\): The architecture 'arm64'/,
    },
    {
      name: 'a key that is none',
      options: { connect: { user: 'admin', key: { inline: 'moo' } } },
      message: /the SSH key 'inline key' cannot be used/,
    },
    {
      name: 'a key that Windows cannot use',
      options: { connect: { keyPair: 'mine', key: { inline: 'moo' }, windowsPassword: true } },
      message: /the password of Windows cannot be decrypted with this key/,
    },
    {
      name: 'a key pair that does not exist',
      options: { connect: { user: 'admin', agent: '/nowhere', keyPair: 'none' } },
      message: /connect.keyPair: us-west-2 has no key pair 'none'/,
    },
    {
      name: 'a security group that does not exist',
      options: { network: { securityGroups: ['sg-0123456789abcdef0'] } },
      message: /network.securityGroups: there is no security group 'sg-0123456789abcdef0' in us-west-2/,
    },
    {
      name: 'security groups that no filter finds',
      options: { network: { securityGroups: { filters: { 'group-name': 'none' } } } },
      message: /network.securityGroups: no security group in us-west-2 fits/,
    },
    {
      name: 'a VPC that does not exist',
      options: { network: { vpc: 'vpc-0123456789abcdef0' } },
      message: /network: the VPC vpc-0123456789abcdef0 has no subnet/,
    },
    {
      name: 'a VPC that no filter finds',
      options: { network: { vpc: { filters: { 'tag:none': 'none' } } } },
      message: /network: 0 VPCs in us-west-2 have tag:none none/,
    },
    {
      name: 'a snapshot that does not exist',
      options: { launch: { blockDevices: [{ device: '/dev/sdf', snapshotId: 'snap-0123456789abcdef0' }] } },
      message: /refuses RunInstances \(InvalidSnapshot.NotFound\)/,
    },
    {
      name: 'fast launch of what is no Windows',
      options: { ami: { name: 'cow', fastLaunch: {} } },
      message: /ami.fastLaunch: is for Windows, and the source AMI ami-\w+ \(debian-12/,
    },
    {
      name: 'a launch template that does not exist',
      options: {
        sourceAmi: { parameter: '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base' },
        ami: { name: 'cow', regions: ['eu-west-1'], fastLaunch: { template: { template: 'none' } } },
      },
      message: /there is no launch template 'none' in us-west-2; .*there is no launch template 'none' in eu-west-1/,
    },
    {
      name: 'what functions make that is too long',
      options: {
        launch: { tags: { long: () => 'x'.repeat(257) } },
        ami: { name: 'cow', description: () => 'x'.repeat(256), snapshotTags: { none: () => undefined as never } },
      },
      message: /launch.tags.long: has 257 characters.*ami.snapshotTags.none: must be text.*ami.description: has 256 characters/,
    },
    {
      name: 'tags that the profile of the build cannot have',
      options: { launch: { tags: { note: 'a (b)' }, instanceProfile: { policy: { Version: '2012-10-17', Statement: [] } } } },
      message: /launch.tags.note: is for the build's instance profile, too.*'a \(b\)'/,
    },
  ]
  test.for(cases)('$name', ({ options, message }) =>
    emulated({}, async (aws) => {
      const { build } = await aws.run(imageOf(options))
      expect(build.status).toBe('failed')
      expect(build.error?.message).toMatch(message)
      expect(aws.emulator.journal.counts()).not.toEqual({})
      expect(creations(aws.emulator.journal.calls())).toEqual([])
    }),
  )

  test('tags of the volumes that are made', () =>
    emulated({}, async (aws) => {
      const { ami: _, ...instance } = base
      const volumes = [{ device: '/dev/sdf', size: 1, tags: { long: () => 'x'.repeat(257) }, snapshot: {} }] as const
      const { build } = await aws.run(defineImage({ name: 'cow', builders: { aws: ebsVolume({ ...instance, volumes }) } }))
      expect(build.error?.message).toMatch(/^volumes\[0\].tags.long: has 257 characters/)
    }))

  test("a key of another region than the environment's", () =>
    emulated({}, async (aws) => {
      const { region: _, ...elsewhere } = base
      const kmsKey = 'arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000'
      vi.stubEnv('AWS_REGION', 'eu-west-1')
      const builder = amazonEbs({ ...elsewhere, ami: { name: 'cow', encrypt: true, kmsKey } })
      const { build } = await aws.run(defineImage({ name: 'cow', builders: { aws: builder } }))
      expect(build.error?.message).toMatch(/ami.kmsKey: is a key of us-west-2, and is used in eu-west-1/)
    }))

  test('an agent that nobody has started', () =>
    emulated({}, async (aws) => {
      vi.stubEnv('SSH_AUTH_SOCK', undefined)
      const { build } = await aws.run(imageOf({ connect: { user: 'admin', agent: true, keyPair: 'mine' } }))
      expect(build.error).toMatchObject({ code: 'DEFINITION_INVALID', message: expect.stringContaining('SSH_AUTH_SOCK') })
    }))

  test('a session without the program that carries it', () =>
    emulated({}, async (aws) => {
      vi.stubEnv('PATH', aws.directory)
      const { build } = await aws.run(imageOf({ connect: { address: 'session-manager' } }))
      expect(build.error).toMatchObject({ code: 'TOOL_MISSING', message: expect.stringContaining('session-manager-plugin') })
    }))

  test('everything that is wrong with the instance, at once', () =>
    emulated({}, async (aws) => {
      const { build } = await aws.run(
        imageOf({
          instanceType: 'x99.huge',
          network: { availabilityZone: 'us-west-2z', securityGroups: ['sg-0123456789abcdef0'] },
          launch: { instanceProfile: 'none' },
          connect: { user: 'admin', agent: '/nowhere', keyPair: 'none' },
        }),
      )
      expect(build.error?.issues?.map(({ path }) => path.join('.')).toSorted()).toEqual([
        'connect.keyPair',
        'instanceType',
        'launch.instanceProfile',
        'network.availabilityZone',
        'network.securityGroups',
      ])
    }))

  test('a name that is taken, here or in another region', () =>
    emulated({}, async (aws) => {
      expect((await aws.run(imageOf())).build.status).toBe('succeeded')
      aws.emulator.journal.clear()
      const { build } = await aws.run(imageOf())
      expect(build.error?.message).toMatch(
        /^ami.name: there is an image 'cow' in us-west-2 already: ami-\w+; ami.name: there is an image 'cow' in eu-west-1/,
      )
      expect(Object.keys(aws.emulator.journal.counts()).toSorted()).toEqual(['DescribeImages', 'DescribeRegions'])
    }))
})
