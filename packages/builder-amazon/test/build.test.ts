import { defineImage } from '@imago/core'
import type { Builder, Image } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { amazonEbs, ebsSurrogate, ebsVolume } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import { emulated, strays } from './emulated.ts'

const base = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  connect: { communicator: 'none' },
  ami: { name: 'cow-{timestamp}' },
} as const satisfies AmazonEbsOptions

const imageOf = (builder: Builder): Image => defineImage({ name: 'cow', builders: { aws: builder } })

describe('amazonEbs', () => {
  test('makes an AMI and nothing else', () =>
    emulated({}, async (aws) => {
      const { build } = await aws.run(
        imageOf(amazonEbs({ ...base, ami: { ...base.ami, description: 'a cow', tags: { team: 'cows' }, snapshotTags: { disk: 'root' } } })),
      )
      expect(build).toMatchObject({ status: 'succeeded', artifact: { type: 'amazon-ami', region: 'us-west-2' } })
      expect(build.artifact?.id).toMatch(/^us-west-2:ami-[0-9a-f]{17}$/)
      const left = aws.emulator.leftovers()
      expect(left.map(({ kind, region }) => `${kind} ${region}`)).toEqual(['image us-west-2', 'snapshot us-west-2'])
      const [image, snapshot] = left
      expect(image?.name).toMatch(/^cow-\d{10}$/)
      expect(image?.tags).toMatchObject({ team: 'cows', 'imago.image': 'cow', 'imago.build': 'aws' })
      expect(snapshot?.tags).toMatchObject({ team: 'cows', disk: 'root' })
      expect(Object.keys(image?.tags ?? {})).not.toContain('imago.expires')
    }))

  test('starts from the newest image, and refuses IMDSv1, open groups and volumes that stay', () =>
    emulated({}, async (aws) => {
      await aws.run(imageOf(amazonEbs({ ...base, connect: { user: 'admin', timeout: 1 } })))
      const run = aws.emulator.journal.calls('RunInstances').at(-1)
      expect(run?.input).toMatchObject({
        MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1 },
        InstanceInitiatedShutdownBehavior: 'terminate',
      })
      const [key] = aws.emulator.journal.calls('ImportKeyPair')
      expect(Buffer.from(key?.input['PublicKeyMaterial'] as Uint8Array).toString()).toMatch(/^ssh-ed25519 /)
      const [allow] = aws.emulator.journal.calls('AuthorizeSecurityGroupIngress')
      expect(JSON.stringify(allow?.input)).not.toContain('0.0.0.0/0')
      expect(strays(aws)).toEqual([])
      expect(aws.emulator.leftovers()).toEqual([])
    }))

  test('copies to other regions, each with its key, while the instance is going', () =>
    emulated({ delays: { copy: 400, terminated: 400 } }, async (aws) => {
      const kmsKey = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000'
      const ami = { name: 'cow', encrypt: true, regions: { 'eu-west-1': { kmsKey }, 'eu-central-1': {} }, tags: { team: 'cows' } }
      const { build } = await aws.run(imageOf(amazonEbs({ ...base, ami })))
      expect(build.status).toBe('succeeded')
      expect(build.artifact?.id).toMatch(/^eu-central-1:ami-\w+,eu-west-1:ami-\w+,us-west-2:ami-\w+$/)
      const copies = aws.emulator.journal.calls('CopyImage')
      expect(copies.map(({ input, region }) => [region, input['Encrypted'], input['KmsKeyId']])).toEqual([
        ['eu-west-1', true, kmsKey],
        ['eu-central-1', true, undefined],
      ])
      const terminated = aws.emulator.journal.calls('TerminateInstances')[0]?.startedAt ?? Infinity
      const finished = Math.max(...aws.emulator.journal.calls('DescribeImages').map(({ startedAt }) => startedAt))
      expect(terminated).toBeLessThan(finished - 300)
      expect(strays(aws)).toEqual([])
      expect(aws.emulator.leftovers().filter(({ kind, tags }) => kind === 'image' && tags['team'] === 'cows')).toHaveLength(3)
    }))

  test('without an AMI leaves nothing', () =>
    emulated({}, async (aws) => {
      const { build } = await aws.run(imageOf(amazonEbs({ ...base, ami: false })))
      expect(build).toMatchObject({ status: 'succeeded', artifact: { type: 'discarded' } })
      expect(aws.emulator.leftovers()).toEqual([])
    }))
})

describe('ebsSurrogate', () => {
  const { ami: _, ...instance } = base
  const launch = {
    blockDevices: [
      { device: '/dev/sdf', size: 8, type: 'gp3' },
      { device: '/dev/sdg', size: 1 },
      { device: '/dev/sdh', size: 2 },
    ],
  } as const

  test('registers what was made on other volumes', () =>
    emulated({}, async (aws) => {
      const ami = {
        name: 'surrogate',
        rootDevice: { source: '/dev/sdf', device: '/dev/xvda', size: 9 },
        omitDevices: ['/dev/sdh'],
        blockDevices: [
          { device: '/dev/sdg', type: 'gp3', size: 4 },
          { device: '/dev/sdi', size: 3 },
        ],
        bootMode: 'uefi',
        tpmSupport: 'v2.0',
        regions: ['eu-west-1'],
      } as const
      const { build } = await aws.run(imageOf(ebsSurrogate({ ...instance, launch, ami })))
      expect(build.error).toBeUndefined()
      expect(strays(aws)).toEqual([])
      const [register] = aws.emulator.journal.calls('RegisterImage')
      expect(register?.input).toMatchObject({
        Name: 'surrogate',
        RootDeviceName: '/dev/xvda',
        Architecture: 'x86_64',
        BootMode: 'uefi',
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 9, VolumeType: 'gp3', DeleteOnTermination: true } },
          { DeviceName: '/dev/sdg', Ebs: { VolumeSize: 4, VolumeType: 'gp3', SnapshotId: expect.stringMatching(/^snap-/) } },
          { DeviceName: '/dev/sdi', Ebs: { VolumeSize: 3 } },
        ],
      })
      expect(aws.emulator.leftovers().filter(({ kind }) => kind === 'snapshot')).toHaveLength(4)
    }))

  test('can make the AMI of the instance with its volumes exchanged', () =>
    emulated({}, async (aws) => {
      const ami = { name: 'surrogate', rootDevice: { source: '/dev/sdf' }, useCreateImage: true } as const
      const { build } = await aws.run(imageOf(ebsSurrogate({ ...instance, launch, ami })))
      expect(build.error).toBeUndefined()
      expect(strays(aws)).toEqual([])
      expect(aws.emulator.journal.counts()).toMatchObject({ DetachVolume: 2, AttachVolume: 1, CreateImage: 1 })
    }))

  test('leaves no snapshot when one fails, or when an answer is lost', () =>
    emulated({}, async (aws) => {
      const ami = { name: 'surrogate', rootDevice: { source: '/dev/sdf' } } as const
      aws.emulator.faults.inject({ type: 'lost-response', operation: 'CreateSnapshot' })
      aws.emulator.faults.inject({ type: 'error', operation: 'RegisterImage', code: 'InvalidParameterValue', times: Infinity })
      const { build } = await aws.run(imageOf(ebsSurrogate({ ...instance, launch, ami })))
      expect(build.error).toMatchObject({ code: 'PROVIDER_FAILED' })
      expect(aws.emulator.leftovers()).toEqual([])
    }))
})

describe('ebsVolume', () => {
  const { ami: _, ...instance } = base

  test('leaves volumes and snapshots, and nothing else', () =>
    emulated({}, async (aws) => {
      const volumes = [
        { device: '/dev/sdf', size: 1, tags: { data: 'maps' } },
        {
          device: '/dev/sdg',
          size: 2,
          deleteOnTermination: true,
          snapshot: { tags: { data: 'faces' }, shareWith: { accounts: ['210987654321'] } },
        },
      ] as const
      const { build } = await aws.run(imageOf(ebsVolume({ ...instance, volumes })))
      expect(build.error).toBeUndefined()
      expect(build.artifact?.id).toMatch(/^us-west-2:snap-\w+,us-west-2:vol-\w+$/)
      const left = aws.emulator.leftovers()
      expect(left.map(({ kind, tags }) => `${kind} ${tags['data'] ?? ''} ${tags['imago.owner'] ?? ''}`).toSorted()).toEqual([
        'snapshot faces ',
        'volume maps ',
      ])
    }))

  test('leaves nothing when it fails', () =>
    emulated({}, async (aws) => {
      aws.emulator.faults.inject({ type: 'error', operation: 'StopInstances', code: 'UnauthorizedOperation', times: Infinity })
      const { build } = await aws.run(imageOf(ebsVolume({ ...instance, volumes: [{ device: '/dev/sdf', size: 1, snapshot: {} }] })))
      expect(build.status).toBe('failed')
      expect(aws.emulator.leftovers()).toEqual([])
    }))
})

describe('a spot instance', () => {
  test('comes from a fleet of several types', () =>
    emulated({}, async (aws) => {
      const { build } = await aws.run(
        imageOf(amazonEbs({ ...base, instanceType: ['t3.small', 't3.medium'], spot: { tags: { price: 'low' } } })),
      )
      expect(build.error).toBeUndefined()
      expect(strays(aws)).toEqual([])
      expect(aws.emulator.journal.counts()).toMatchObject({ CreateLaunchTemplate: 1, CreateFleet: 1, DeleteLaunchTemplate: 1 })
      expect(aws.emulator.journal.counts()).not.toHaveProperty('StopInstances')
    }))

  test('that cannot be had is told with the reasons, and nothing is left', () =>
    emulated({}, async (aws) => {
      aws.emulator.faults.inject({ type: 'no-capacity', times: Infinity })
      const { build } = await aws.run(imageOf(amazonEbs({ ...base, spot: {} })))
      expect(build.error).toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
        message: expect.stringMatching(/^no spot instance of t3.small in us-west-2: /),
      })
      expect(aws.emulator.leftovers()).toEqual([])
    }))
})
