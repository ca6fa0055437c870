import { defineImage } from '@imago/core'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { amazonEbs, ebsVolume } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import { base, cowImage, instance } from './cow-image.ts'
import { emulated } from './emulated.ts'
import { creations } from './journal-rules.ts'

afterEach(() => vi.unstubAllEnvs())

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
      name: 'a snapshot of the AMI that does not exist',
      options: { ami: { name: 'cow', blockDevices: [{ device: '/dev/sdf', snapshotId: 'snap-0123456789abcdef0' }] } },
      message: /^ami.blockDevices\[0\].snapshotId: there is no snapshot 'snap-0123456789abcdef0' in us-west-2$/,
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
      const { build } = await aws.run(cowImage(options))
      expect(build.status).toBe('failed')
      expect(build.error?.message).toMatch(message)
      expect(aws.emulator.journal.counts()).not.toEqual({})
      expect(creations(aws.emulator.journal.calls())).toEqual([])
    }),
  )

  test('tags of the volumes that are made', () =>
    emulated({}, async (aws) => {
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
      const { build } = await aws.run(cowImage({ connect: { user: 'admin', agent: true, keyPair: 'mine' } }))
      expect(build.error).toMatchObject({ code: 'DEFINITION_INVALID', message: expect.stringContaining('SSH_AUTH_SOCK') })
    }))

  test('a session without the program that carries it', () =>
    emulated({}, async (aws) => {
      vi.stubEnv('PATH', aws.directory)
      const { build } = await aws.run(cowImage({ connect: { address: 'session-manager' } }))
      expect(build.error).toMatchObject({ code: 'TOOL_MISSING', message: expect.stringContaining('session-manager-plugin') })
    }))

  test('everything that is wrong with the instance, at once', () =>
    emulated({}, async (aws) => {
      const { build } = await aws.run(
        cowImage({
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
      expect((await aws.run(cowImage())).build.status).toBe('succeeded')
      aws.emulator.journal.clear()
      const { build } = await aws.run(cowImage())
      expect(build.error?.message).toMatch(
        /^ami.name: there is an image 'cow' in us-west-2 already: ami-\w+; ami.name: there is an image 'cow' in eu-west-1/,
      )
      expect(Object.keys(aws.emulator.journal.counts()).toSorted()).toEqual(['DescribeImages', 'DescribeRegions'])
    }))
})
