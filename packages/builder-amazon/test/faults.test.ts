import type { Image } from '@imago/core'
import { defineImage } from '@imago/core'
import type { Fault } from '@imago/ec2-emulator'
import { describe, expect, test } from 'vitest'

import { amazonEbs } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import type { Emulated } from './emulated.ts'
import { emulated, strays } from './emulated.ts'

const base = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  ami: { name: 'cow', regions: ['eu-west-1'] },
  polling: { interval: '50ms' },
} as const satisfies AmazonEbsOptions

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
  return operations.map((operation) => ({ type, operation }))
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
    }))
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
    { name: 'a profile that does not exist', options: { launch: { instanceProfile: 'none' } }, message: /none/ },
  ]
  test.for(cases)('$name', ({ options, message }) =>
    emulated({}, async (aws) => {
      const { build } = await aws.run(imageOf(options))
      expect(build.status).toBe('failed')
      expect(build.error?.message).toMatch(message)
      const created = aws.emulator.journal.calls().filter(({ operation }) => /^(Run|Create|Import|Copy)/.test(operation))
      expect(created.map(({ operation }) => operation).filter((operation) => operation !== 'CreateSecurityGroup')).toEqual([])
      expect(aws.emulator.leftovers()).toEqual([])
    }),
  )

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
