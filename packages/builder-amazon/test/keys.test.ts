import type { Builder, Image } from '@imago/core'
import { defineImage, preflight } from '@imago/core'
import type { SeedKey } from '@imago/ec2-emulator'
import { postProcessContext } from '@imago/testing'
import { expect, test } from 'vitest'

import { amazonEbs, amazonImport, ebsSurrogate, ebsVolume, iamPolicy } from '../src/index.ts'
import type { AmazonImportOptions } from '../src/index.ts'
import { instance } from './cow-image.ts'
import { emulated } from './emulated.ts'
import { creations } from './journal-rules.ts'
import { madeDisk } from './made-disk.ts'

const irish = '1e1a4d00-0000-4000-8000-000000000000'
const keys: readonly SeedKey[] = [
  { alias: 'alias/cows' },
  { alias: 'alias/off', state: 'Disabled' },
  { alias: 'alias/going', state: 'PendingDeletion' },
  { alias: 'alias/irish', id: irish, regions: ['eu-west-1'] },
]

const device = (kmsKey: string) => ({ device: '/dev/sdf', size: 1, encrypted: true, kmsKey }) as const
const imageOf = (builder: Builder): Image => defineImage({ name: 'cow', builders: { aws: builder } })

const wrong: Readonly<Record<string, readonly [builder: Builder, message: string]>> = {
  'that is not there, of the AMI': [
    amazonEbs({ ...instance, ami: { name: 'cow', encrypt: true, kmsKey: 'alias/none' } }),
    "ami.kmsKey: there is no KMS key 'alias/none' in us-west-2",
  ],
  'that is disabled, of a copy': [
    amazonEbs({ ...instance, ami: { name: 'cow', encrypt: true, regions: { 'eu-west-1': { kmsKey: 'alias/off' } } } }),
    "ami.regions.eu-west-1.kmsKey: the KMS key 'alias/off' in eu-west-1 is disabled",
  ],
  'that is in another region, of a device, where no AMI is made': [
    amazonEbs({ ...instance, launch: { blockDevices: [device(irish)] }, ami: false }),
    `launch.blockDevices[0].kmsKey: there is no KMS key '${irish}' in us-west-2`,
  ],
  'that is about to go, of a device': [
    amazonEbs({ ...instance, launch: { blockDevices: [device('alias/going')] }, ami: { name: 'cow' } }),
    "launch.blockDevices[0].kmsKey: the KMS key 'alias/going' in us-west-2 is about to be deleted",
  ],
  'that is not there, of what becomes the root': [
    ebsSurrogate({
      ...instance,
      launch: { blockDevices: [device('alias/none')] },
      ami: { name: 'cow', rootDevice: { source: '/dev/sdf' } },
    }),
    "launch.blockDevices[0].kmsKey: there is no KMS key 'alias/none' in us-west-2",
  ],
  'that is disabled, of a volume that stays': [
    ebsVolume({ ...instance, volumes: [device('alias/off')] }),
    "volumes[0].kmsKey: the KMS key 'alias/off' in us-west-2 is disabled",
  ],
}

test.for(Object.entries(wrong))('a key %s is refused before anything exists', ([, [builder, message]]) =>
  emulated({ keys }, async (aws) => {
    const { build, calls } = await aws.run(imageOf(builder))
    expect(build.error).toMatchObject({ code: 'DEFINITION_INVALID', message })
    expect(creations(calls)).toEqual([])
    const found = await preflight(imageOf(builder), { directory: aws.directory })
    expect(found).toEqual((build.error?.issues ?? []).map((issue) => ({ ...issue, path: ['builders', 'aws', ...issue.path] })))
    const allowed = iamPolicy(imageOf(builder)).Statement.flatMap(({ Action }) => Action)
    expect(allowed).toContain('kms:DescribeKey')
  }),
)

const wrongImports: readonly (readonly [options: Partial<AmazonImportOptions>, message: string])[] = [
  [{ ami: { encrypt: true, kmsKey: 'alias/off' } }, "ami.kmsKey: the KMS key 'alias/off' in us-west-2 is disabled"],
  [{ objectEncryption: { kmsKey: 'alias/none' } }, "objectEncryption.kmsKey: there is no KMS key 'alias/none' in us-west-2"],
]

test('keys of an import are refused before the disk is uploaded', () =>
  emulated({ keys, buckets: ['imports'] }, async (aws) => {
    const { artifact } = await madeDisk(aws)
    for (const [options, message] of wrongImports) {
      const step = amazonImport({ region: 'us-west-2', bucket: 'imports', ...options })
      await expect(step.process(artifact, postProcessContext())).rejects.toMatchObject({ code: 'DEFINITION_INVALID', message })
    }
    expect(creations(aws.emulator.journal.calls())).toEqual([])
  }))

test('keys that are there are used, and named by what encrypts with them', () =>
  emulated({ keys }, async (aws) => {
    const regions = { 'eu-west-1': { kmsKey: 'alias/irish' } }
    const { build, calls } = await aws.run(
      imageOf(amazonEbs({ ...instance, ami: { name: 'cow', encrypt: true, kmsKey: 'alias/cows', regions } })),
    )
    expect(build.error).toBeUndefined()
    const asked = calls.filter(({ operation }) => operation === 'DescribeKey')
    expect(asked.map(({ region, input }) => [region, input])).toEqual([
      ['us-west-2', { KeyId: 'alias/cows' }],
      ['eu-west-1', { KeyId: 'alias/irish' }],
    ])
  }))

test('who may not look at keys is told so, and the build goes on', () =>
  emulated({ keys }, async (aws) => {
    const denied = { type: 'error', operation: 'DescribeKey', code: 'AccessDeniedException', message: 'You may not' } as const
    aws.emulator.faults.inject({ ...denied, times: Infinity })
    const image = imageOf(amazonEbs({ ...instance, ami: { name: 'cow', encrypt: true, kmsKey: 'alias/cows' } }))
    expect(await preflight(image, { directory: aws.directory })).toEqual([])
    const { build, events } = await aws.run(image)
    expect(build.error).toBeUndefined()
    const text = "it is not known whether the KMS key 'alias/cows' in us-west-2 can be used: "
    const warnings = events.flatMap((event) => (event.type === 'message' && event.level === 'warning' ? [event.text] : []))
    expect(warnings).toEqual([expect.stringContaining(text)])
  }))
