import { defineImage } from '@imago/core'
import type { Builder, Image } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { amazonEbs } from '../src/index.ts'
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
      const [run] = aws.emulator.journal.calls('RunInstances')
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
