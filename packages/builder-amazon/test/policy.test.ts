import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createKeyPair } from '@imago/communicator-ssh'
import type { Builder, Image } from '@imago/core'
import { defineImage, preflight } from '@imago/core'
import type { JournalEntry } from '@imago/ec2-emulator'
import { postProcessContext } from '@imago/testing'
import { afterEach, expect, test, vi } from 'vitest'

import { connectAws } from '../src/aws/connect.ts'
import { amazonEbs, amazonImport, ebsSurrogate, ebsVolume, iamPolicy } from '../src/index.ts'
import { instance } from './cow-image.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'

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
  encrypted: amazonEbs({ ...instance, ami: { name: 'encrypted', encrypt: true, regions: ['eu-west-1'] } }),
  shared: amazonEbs({
    ...instance,
    ami: {
      name: 'shared',
      shareWith: { organizations: ['arn:aws:organizations::123456789012:organization/o-123456'] },
      productCodes: ['abc'],
    },
  }),
  keyed: amazonEbs({
    ...instance,
    network: { availabilityZone: 'us-west-2a' },
    launch: { instanceProfile: 'given' },
    connect: { user: 'admin', agent: '/nowhere', keyPair: 'given', timeout: 1 },
    ami: { name: 'keyed' },
  }),
  session: amazonEbs({ ...instance, connect: { address: 'session-manager', timeout: 1 }, ami: { name: 'session' } }),
  windows: amazonEbs({
    ...instance,
    sourceAmi: { parameter: '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base' },
    connect: { windowsPassword: true, timeout: 1 },
    ami: { name: 'windows' },
  }),
  fast: amazonEbs({
    ...instance,
    sourceAmi: { parameter: '/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base' },
    ami: { name: 'fast', fastLaunch: {} },
  }),
  volume: ebsVolume({ ...instance, volumes: [{ device: '/dev/sdf', size: 1, snapshot: { shareWith: { accounts: ['210987654321'] } } }] }),
}

function builderOf(name: string): Builder {
  const builder = builders[name]
  if (builder === undefined) throw new Error(`no builder is called ${name}`)
  return builder
}

const imageOf = (name: string): Image => defineImage({ name, builders: { aws: builderOf(name) } })

/** Nobody answers there: these builds fail when they connect, which they do with the calls that matter here. */
const unanswered = ['keyed', 'session', 'windows']

/** Services have actions that are not called like their operations. */
const s3Actions: Readonly<Record<string, readonly string[]>> = {
  CreateMultipartUpload: ['s3:PutObject', 's3:PutObjectTagging'],
  UploadPart: ['s3:PutObject'],
  CompleteMultipartUpload: ['s3:PutObject'],
  HeadObject: ['s3:GetObject'],
  ListMultipartUploads: ['s3:ListBucketMultipartUploads'],
}

const actionsOf = ({ service, operation }: JournalEntry): readonly string[] =>
  (service === 's3' ? s3Actions[operation] : undefined) ?? [`${service}:${operation}`]

const actionsIn = ({ emulator }: Emulated): readonly string[] => [...new Set(emulator.journal.calls().flatMap(actionsOf))]

/** What the account has besides what it starts with. */
async function prepare({ directory, emulator }: Emulated): Promise<void> {
  const aws = await connectAws({ region: 'us-west-2' })
  const call = { signal: new AbortController().signal }
  await aws.call('CreateInstanceProfile', { InstanceProfileName: 'given', Tags: [{ Key: 'imago.run', Value: 'none' }] }, call)
  const { publicKey } = await createKeyPair('given')
  const TagSpecifications = [{ ResourceType: 'key-pair' as const, Tags: [{ Key: 'imago.run', Value: 'none' }] }]
  await aws.call('ImportKeyPair', { KeyName: 'given', PublicKeyMaterial: Buffer.from(publicKey), TagSpecifications }, call)
  emulator.journal.clear()
  await writeFile(join(directory, 'session-manager-plugin'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`)
}

afterEach(() => vi.unstubAllEnvs())

test.for(Object.keys(builders))('the policy of %s allows every call that its build makes, failures and all', (name) =>
  emulated({ leavesMore: true }, async (aws) => {
    await prepare(aws)
    const image = imageOf(name)
    const allowed = new Set(iamPolicy(image).Statement.flatMap(({ Action }) => Action))
    expect(await preflight(image, { directory: aws.directory })).toEqual([])
    const before = await aws.run(image)
    expect(before.build.status).toBe(unanswered.includes(name) ? 'failed' : 'succeeded')
    aws.emulator.faults.inject({
      type: 'error',
      operation: ['DeleteTags', 'StopInstances'],
      code: 'UnauthorizedOperation',
      times: Infinity,
    })
    aws.emulator.faults.inject({ type: 'lost-response', operation: 'ImportKeyPair' })
    await aws.run(image)
    const free = ['sts:GetCallerIdentity'] // needs no permission
    expect(actionsIn(aws).filter((action) => !allowed.has(action) && !free.includes(action))).toEqual([])
    expect(actionsIn(aws)).toEqual(expect.arrayContaining([...(telling[name] ?? []), 'ec2:RunInstances', 'ec2:TerminateInstances']))
  }),
)

/** Calls without which the test of a definition would say nothing. */
const telling: Readonly<Record<string, readonly string[]>> = {
  everything: ['kms:DescribeKey', 'iam:CreateRole', 'ec2:CopyImage', 'ec2:ModifyImageAttribute', 'ec2:EnableImageDeprecation'],
  encrypted: ['ec2:CopyImage'],
  shared: ['ec2:ModifyImageAttribute'],
  keyed: ['iam:GetInstanceProfile', 'ec2:DescribeKeyPairs', 'ec2:DescribeAvailabilityZones'],
  session: ['ssm:StartSession', 'ssm:TerminateSession', 'iam:CreateInstanceProfile'],
  windows: ['ec2:GetPasswordData', 'ec2:ImportKeyPair'],
  fast: ['ec2:EnableFastLaunch', 'ec2:DescribeFastLaunchImages'],
  spot: ['ec2:CreateFleet', 'ec2:CreateLaunchTemplate'],
  surrogate: ['ec2:RegisterImage', 'ec2:CreateSnapshot'],
  swapped: ['ec2:AttachVolume', 'ec2:DetachVolume'],
  volume: ['ec2:CreateSnapshot', 'ec2:ModifySnapshotAttribute'],
}

test('the policy of an import allows every call that it makes', () =>
  emulated({ buckets: ['imports'], leavesMore: true }, async (aws) => {
    const path = join(aws.directory, 'disk.raw')
    await writeFile(path, Buffer.alloc(6 * 1024 * 1024, 1))
    const ami = { name: 'imported', regions: ['eu-west-1'], encrypt: true, tags: { team: 'cows' }, deprecateAfter: '30d' } as const
    const options = { region: 'us-west-2', bucket: 'imports', ami, polling: { interval: '20ms' } } as const
    const step = amazonImport(options)
    const docker = builderOf('plain')
    const image = defineImage({ name: 'disk', builders: { disk: { ...docker, type: 'qemu' } } })
    const allowed = new Set(iamPolicy({ ...image, postProcessors: [[step]] }).Statement.flatMap(({ Action }) => Action))
    const input = { type: 'qemu-image', id: path, files: [{ path, size: 6 * 1024 * 1024 }] }
    await step.process(input, postProcessContext())
    aws.emulator.faults.inject({ type: 'error', operation: 'CopyImage', code: 'UnauthorizedOperation', times: Infinity })
    const ctx = postProcessContext()
    await expect(amazonImport({ ...options, ami: { ...ami, name: 'again' } }).process(input, ctx)).rejects.toThrow('CopyImage')
    await ctx.resources.releaseAll()
    expect(actionsIn(aws).filter((action) => !allowed.has(action))).toEqual([])
    expect(actionsIn(aws)).toEqual(expect.arrayContaining(['s3:PutObject', 'ec2:ImportImage', 's3:DeleteObject', 'ec2:DeregisterImage']))
  }))

test.for(['everything', 'encrypted', 'device', 'import'])('what is encrypted asks for the use of keys: %s', (name) => {
  const kms = (image: Image): readonly string[] =>
    iamPolicy(image).Statement.flatMap(({ Action }) => Action.filter((action) => action.startsWith('kms:')))
  const blockDevices = [{ device: '/dev/sdf', size: 1, encrypted: true }]
  const device = amazonEbs({ ...instance, launch: { blockDevices }, ami: { name: 'cow' } })
  const plain = imageOf('plain')
  const step = amazonImport({ region: 'us-west-2', bucket: 'imports', objectEncryption: { kmsKey } })
  const images: Readonly<Record<string, Image>> = {
    device: defineImage({ name: 'device', builders: { aws: device } }),
    import: { ...plain, postProcessors: [[step]] },
  }
  expect(kms(images[name] ?? imageOf(name))).toEqual(
    expect.arrayContaining(
      name === 'import'
        ? ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey']
        : [
            'kms:CreateGrant',
            'kms:Decrypt',
            'kms:DescribeKey',
            'kms:GenerateDataKeyWithoutPlaintext',
            'kms:ReEncryptFrom',
            'kms:ReEncryptTo',
          ],
    ),
  )
  expect(kms(plain)).toEqual([])
})

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
