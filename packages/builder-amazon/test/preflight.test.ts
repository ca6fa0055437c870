import { defineImage, preflight } from '@imago/core'
import { expect, test } from 'vitest'

import { amazonEbs, ebsVolume } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'

const base = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  ami: { name: 'cow' },
} as const satisfies AmazonEbsOptions

const messages = async ({ directory }: Emulated, options: Partial<AmazonEbsOptions> = {}): Promise<readonly string[]> => {
  const image = defineImage({ name: 'cow', builders: { aws: amazonEbs({ ...base, ...options }) } })
  return (await preflight(image, { directory })).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('a build that can begin has no problem, and nothing is changed', () =>
  emulated({}, async (aws) => {
    expect(await messages(aws)).toEqual([])
    expect(aws.emulator.leftovers()).toEqual([])
    expect(
      aws.emulator.journal.calls().every(({ operation, input }) => /^(Describe|Get)/.test(operation) || input['DryRun'] === true),
    ).toBe(true)
  }))

test('all problems are told at once', () =>
  emulated({}, async (aws) => {
    expect(
      await messages(aws, {
        sourceAmi: { owners: ['self'], name: 'none' },
        instanceType: ['t3.small', 'x99.huge'],
        ami: { name: 'cow', regions: ['eu-west-9'] },
      }),
    ).toEqual([
      'builders.aws.sourceAmi: no AMI of self in us-west-2 has name none',
      "builders.aws.ami.regions: the account has no region 'eu-west-9'",
      "builders.aws.instanceType.1: us-west-2 offers no 'x99.huge'",
    ])
  }))

test('a permission that is missing is told', () =>
  emulated({}, async (aws) => {
    aws.emulator.faults.inject({
      type: 'error',
      operation: 'ImportKeyPair',
      code: 'UnauthorizedOperation',
      message: 'You are not authorized',
      times: Infinity,
    })
    expect(await messages(aws)).toEqual([
      'builders.aws.access: ec2 in us-west-2 refuses ImportKeyPair (UnauthorizedOperation): You are not authorized',
    ])
  }))

test.for([
  ['RunInstances', 'us-west-2'],
  ['CreateSecurityGroup', 'us-west-2'],
  ['CreateImage', 'us-west-2'],
  ['CopyImage', 'eu-west-1'],
] as const)('so is that of %s', ([operation, region]) =>
  emulated({}, async (aws) => {
    aws.emulator.faults.inject({ type: 'error', operation, code: 'UnauthorizedOperation', message: 'You may not', times: Infinity })
    expect(await messages(aws, { ami: { name: 'cow', regions: ['eu-west-1'] } })).toEqual([
      `builders.aws.access: ec2 in ${region} refuses ${operation} (UnauthorizedOperation): You may not`,
    ])
    expect(aws.emulator.journal.calls(operation).map(({ input }) => input['DryRun'])).toEqual([true])
  }),
)

test('a type is looked for in the zone that is asked for', () =>
  emulated({}, async (aws) => {
    expect(await messages(aws, { network: { availabilityZone: 'us-west-2a' } })).toEqual([])
    expect(await messages(aws, { network: { availabilityZone: 'us-west-2c' } })).toEqual([
      "builders.aws.instanceType: us-west-2c offers no 't3.small'",
    ])
    expect(await messages(aws, { network: { availabilityZone: 'us-west-2z' } })).toEqual(
      expect.arrayContaining(["builders.aws.network.availabilityZone: us-west-2 has no zone 'us-west-2z'"]),
    )
  }))

test('what the options name is looked for, and a region of its own', () =>
  emulated({}, async (aws) => {
    expect(
      await messages(aws, {
        launch: { instanceProfile: 'none' },
        network: { securityGroups: { filters: { 'group-name': 'none' } } },
        connect: { user: 'admin', agent: '/nowhere', keyPair: 'none' },
      }),
    ).toEqual(
      [
        "builders.aws.launch.instanceProfile: the account has no instance profile 'none'",
        "builders.aws.connect.keyPair: us-west-2 has no key pair 'none'",
        'builders.aws.network.securityGroups: no security group in us-west-2 fits {"group-name":"none"}',
      ].toSorted((a, b) => (a < b ? -1 : 1)),
    )
    expect(await messages(aws, { region: 'us-west-9' })).toEqual(["builders.aws.region: the account has no region 'us-west-9'"])
  }))

test('a snapshot that a volume is to be made of is looked for', () =>
  emulated({}, async ({ directory }) => {
    const { ami: _, ...instance } = base
    const builder = ebsVolume({ ...instance, volumes: [{ device: '/dev/sdf', snapshotId: 'snap-0123456789abcdef0' }] })
    const found = await preflight(defineImage({ name: 'cow', builders: { aws: builder } }), { directory })
    expect(found.map(({ message }) => message)).toEqual([expect.stringContaining('(InvalidSnapshot.NotFound)')])
  }))

test('credentials that are worth nothing are told', () =>
  emulated({}, async (aws) => {
    aws.emulator.faults.inject({ type: 'expired-credentials' })
    expect(await messages(aws)).toEqual([expect.stringMatching(/^builders.aws: sts in us-west-2 refuses GetCallerIdentity \(Expired/)])
  }))

test('a name that is taken is told', () =>
  emulated({}, async (aws) => {
    const image = defineImage({ name: 'cow', builders: { aws: amazonEbs({ ...base, connect: { communicator: 'none' } }) } })
    expect((await aws.run(image)).build.status).toBe('succeeded')
    expect(await messages(aws)).toEqual([
      expect.stringMatching(/^builders.aws.ami.name: there is an image 'cow' in us-west-2 already: ami-/),
    ])
    expect(await messages(aws, { ami: { name: 'cow', forceDeregister: true } })).toEqual([])
    expect(await messages(aws, { region: 'eu-west-1', ami: { name: 'cow', regions: ['us-west-2'] } })).toEqual([
      expect.stringMatching(/^builders.aws.ami.name: there is an image 'cow' in us-west-2 already: ami-/),
    ])
  }))
