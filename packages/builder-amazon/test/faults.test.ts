import { sweep } from '@imago/core'
import type { Fault } from '@imago/ec2-emulator'
import { afterEach, describe, expect, test, vi } from 'vitest'

import type { AmazonEbsOptions } from '../src/index.ts'
import { cowImage } from './cow-image.ts'
import type { Emulated } from './emulated.ts'
import { emulated, strays } from './emulated.ts'

afterEach(() => vi.unstubAllEnvs())

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
    {
      name: 'a wrong clock, and tries nothing again but what was signed by it',
      faults: [{ type: 'clock-skew', ms: 3_600_000 }],
      also: ({ emulator }) => {
        const again = emulator.journal.calls().filter(({ attempt }) => attempt > 1)
        expect(again.length).toBeGreaterThan(0)
        const refused = emulator.journal.calls().flatMap(({ outcome }) => (outcome.type === 'refused' ? [outcome.code] : []))
        expect(refused.filter((code) => code === 'RequestExpired')).toHaveLength(again.length)
        expect(refused.filter((code) => code === 'DryRunOperation')).toHaveLength(1)
      },
    },
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
      const { build } = await aws.run(cowImage(options))
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
      const { build } = await aws.run(cowImage(options))
      expect(build.error).toMatchObject({ code, message: expect.stringMatching(message) })
      expect(aws.emulator.leftovers()).toEqual([])
    }),
  )

  test('credentials that expire: what is left goes with new ones', () =>
    emulated({}, async (aws) => {
      aws.emulator.faults.inject({ type: 'expired-credentials', operation: 'StopInstances' })
      const { build } = await aws.run(cowImage())
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
        const running = aws.run(cowImage(options), { signal: cancel.signal })
        await vi.waitUntil(() => fault.hits > 0, 20_000)
        cancel.abort()
        const { build } = await running
        expect(build.status).toBe('cancelled')
        await vi.waitUntil(() => aws.emulator.journal.calls(operation).some(({ outcome }) => outcome.type === 'cut'), 20_000)
      }),
  )
})
