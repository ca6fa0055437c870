import type { Builder, Image } from '@imago/core'
import { defineImage } from '@imago/core'
import { expect, test } from 'vitest'

import { amazonEbs, ebsSurrogate, ebsVolume, iamPolicy } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import { emulated } from './emulated.ts'

const instance = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  polling: { interval: '20ms' },
} as const satisfies Partial<AmazonEbsOptions>

const devices = { blockDevices: [{ device: '/dev/sdf', size: 8 }] } as const
const kmsKey = 'arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000'

const builders: Readonly<Record<string, Builder>> = {
  plain: amazonEbs({ ...instance, ami: { name: 'plain' } }),
  everything: amazonEbs({
    ...instance,
    sourceAmi: { parameter: '/aws/service/debian/release/12/latest/amd64' },
    network: { publicIp: true },
    launch: {
      instanceProfile: { policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] } },
    },
    ami: {
      name: 'everything',
      regions: { 'eu-west-1': { kmsKey: kmsKey.replace('us-west-2', 'eu-west-1') } },
      encrypt: true,
      kmsKey,
      shareWith: { accounts: ['210987654321'] },
      shareSnapshotsWith: { accounts: ['210987654321'] },
      imdsSupport: 'v2.0',
      deprecateAfter: '30d',
      deregistrationProtection: true,
      enaSupport: true,
      forceDeregister: true,
      forceDeleteSnapshots: true,
    },
  }),
  spot: amazonEbs({ ...instance, instanceType: ['t3.small', 't3.medium'], spot: {}, ami: { name: 'spot' } }),
  none: amazonEbs({ ...instance, ami: false }),
  surrogate: ebsSurrogate({ ...instance, launch: devices, ami: { name: 'surrogate', rootDevice: { source: '/dev/sdf' } } }),
  swapped: ebsSurrogate({
    ...instance,
    launch: devices,
    ami: { name: 'swapped', rootDevice: { source: '/dev/sdf' }, useCreateImage: true },
  }),
  volume: ebsVolume({ ...instance, volumes: [{ device: '/dev/sdf', size: 1, snapshot: { shareWith: { accounts: ['210987654321'] } } }] }),
}

function builderOf(name: string): Builder {
  const builder = builders[name]
  if (builder === undefined) throw new Error(`no builder is called ${name}`)
  return builder
}

const imageOf = (name: string): Image => defineImage({ name, builders: { aws: builderOf(name) } })

test.for(Object.keys(builders))('the policy of %s allows every call that its build makes, failures and all', (name) =>
  emulated({}, async (aws) => {
    const image = imageOf(name)
    const allowed = new Set(iamPolicy(image).Statement.flatMap(({ Action }) => Action))
    const before = await aws.run(image)
    expect(before.build.error).toBeUndefined()
    aws.emulator.faults.inject({
      type: 'error',
      operation: ['DeleteTags', 'StopInstances'],
      code: 'UnauthorizedOperation',
      times: Infinity,
    })
    aws.emulator.faults.inject({ type: 'lost-response', operation: 'ImportKeyPair' })
    await aws.run(image)
    const called = new Set(aws.emulator.journal.calls().map(({ service, operation }) => `${service}:${operation}`))
    expect([...called].filter((action) => !allowed.has(action))).toEqual([])
  }),
)

test('the policy of a plain build is small, and lets it change only what builds have made', () => {
  expect(iamPolicy(imageOf('plain'))).toMatchInlineSnapshot(`
    {
      "Statement": [
        {
          "Action": [
            "ec2:CreateImage",
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceTypeOfferings",
            "ec2:DescribeInstances",
            "ec2:DescribeRegions",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSnapshots",
            "ec2:DescribeSubnets",
            "ec2:DescribeVolumes",
            "ec2:DescribeVpcs",
            "ec2:GetConsoleOutput",
            "ec2:RunInstances",
          ],
          "Effect": "Allow",
          "Resource": "*",
          "Sid": "LookAndCreate",
        },
        {
          "Action": [
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:DeleteSecurityGroup",
            "ec2:DeleteSnapshot",
            "ec2:DeleteTags",
            "ec2:DeleteVolume",
            "ec2:DeregisterImage",
            "ec2:StopInstances",
            "ec2:TerminateInstances",
          ],
          "Condition": {
            "Null": {
              "aws:ResourceTag/imago.run": "false",
            },
          },
          "Effect": "Allow",
          "Resource": "*",
          "Sid": "ChangeWhatBuildsMade",
        },
      ],
      "Version": "2012-10-17",
    }
  `)
})

test('a selection limits it, and builders of others need nothing', () => {
  const image = defineImage({
    name: 'both',
    builders: { aws: builderOf('plain'), spot: builderOf('spot') },
  })
  expect(iamPolicy(image, { only: ['aws'] })).toEqual(iamPolicy(imageOf('plain')))
  expect(iamPolicy(image).Statement.flatMap(({ Action }) => Action)).toContain('ec2:CreateFleet')
})
