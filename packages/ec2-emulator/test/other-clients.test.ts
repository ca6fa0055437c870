import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import type { Ec2Emulator } from '../src/index.ts'
import { startEc2Emulator } from '../src/index.ts'

const run = promisify(execFile)

/** Debian's own, where another is installed too. */
const awscli = '/usr/bin/aws'
const noAwscli = reasonToSkip({ awscli: `${awscli} --version` })
const noPacker = reasonToSkip({ packer: 'packer version', docker: 'docker image inspect debian:12' })

describe.skipIf(noAwscli !== '')(`the AWS command line${noAwscli}`, () => {
  let emulator: Ec2Emulator
  beforeAll(async () => {
    emulator = await startEc2Emulator({ parameters: { '/cow': 'brown' }, secrets: { cow: 'moo' } })
  })
  afterAll(async () => await emulator[Symbol.asyncDispose]())

  async function aws(...words: readonly string[]): Promise<unknown> {
    const env = { ...emulator.env, PATH: '/usr/bin:/bin', HOME: '/nonexistent' }
    const { stdout } = await run(awscli, ['--endpoint-url', emulator.endpoint, '--region', 'eu-west-1', '--output', 'json', ...words], {
      env,
    })
    return stdout === '' ? undefined : JSON.parse(stdout)
  }

  test('reads what is there, of each protocol', async () => {
    const image = '{name: Images[0].Name, device: Images[0].BlockDeviceMappings[0].DeviceName, public: Images[0].Public}'
    expect(await aws('ec2', 'describe-images', '--filters', 'Name=name,Values=debian-12-amd64-202611*', '--query', image)).toEqual({
      name: 'debian-12-amd64-20261110-2291',
      device: '/dev/xvda',
      public: true,
    })
    expect(await aws('sts', 'get-caller-identity')).toMatchObject({ Account: '123456789012' })
    expect(await aws('iam', 'get-role', '--role-name', 'vmimport', '--query', 'Role.AssumeRolePolicyDocument.Version')).toBe('2012-10-17')
    expect(await aws('ssm', 'get-parameter', '--name', '/cow', '--query', 'Parameter.Value')).toBe('brown')
    expect(await aws('secretsmanager', 'get-secret-value', '--secret-id', 'cow', '--query', 'SecretString')).toBe('moo')
  }, 60_000)

  test('makes an instance with tags, and is told of what is wrong', async () => {
    const [ImageId = ''] = (await aws(
      'ec2',
      'describe-images',
      '--filters',
      'Name=name,Values=debian-12-amd64-202611*',
      '--query',
      'Images[].ImageId',
    )) as string[]
    const tags = '[{"ResourceType":"instance","Tags":[{"Key":"Name","Value":"cow"},{"Key":"empty","Value":""}]}]'
    const query = 'Instances[0].{state: State.Name, tags: Tags, type: InstanceType}'
    const made = await aws(
      'ec2',
      'run-instances',
      '--image-id',
      ImageId,
      '--instance-type',
      't3.micro',
      '--tag-specifications',
      tags,
      '--query',
      query,
    )
    expect(made).toEqual({
      state: 'pending',
      type: 't3.micro',
      tags: [
        { Key: 'Name', Value: 'cow' },
        { Key: 'empty', Value: '' },
      ],
    })
    await expect(aws('ec2', 'run-instances', '--image-id', ImageId, '--instance-type', 't3.micro', '--dry-run')).rejects.toThrow(
      '(DryRunOperation)',
    )
    await expect(aws('ec2', 'delete-key-pair', '--key-name', 'x', '--dry-run')).rejects.toThrow('(DryRunOperation)')
    await expect(aws('ec2', 'describe-vpn-gateways')).rejects.toThrow('(NotImplemented)')
  }, 60_000)
})

describe.skipIf(noPacker !== '')(`Packer${noPacker}`, () => {
  test('builds an image of a spot instance, encrypted, and cleans up', async () => {
    const emulator = await startEc2Emulator({ guests: 'docker' })
    const folder = await mkdtemp(join(tmpdir(), 'imago-ec2-packer-'))
    try {
      const builder = {
        type: 'amazon-ebs',
        access_key: 'AKIAPACKER',
        secret_key: 'secret',
        region: 'us-west-2',
        custom_endpoint_ec2: emulator.endpoint,
        skip_region_validation: true,
        skip_metadata_api_check: true,
        source_ami_filter: { filters: { name: 'debian-12-amd64-*' }, owners: ['136693071363'], most_recent: true },
        spot_price: 'auto',
        spot_instance_types: ['t3.small', 'm5.large'],
        ssh_username: 'admin',
        ssh_clear_authorized_keys: true,
        ami_name: 'packed',
        encrypt_boot: true,
        tags: { 'made-by': 'packer' },
      }
      const provisioner = { type: 'shell', inline: ['whoami | sudo tee /etc/packed'] }
      await writeFile(join(folder, 'template.json'), JSON.stringify({ builders: [builder], provisioners: [provisioner] }))
      const env = { PATH: process.env['PATH'], HOME: folder, CHECKPOINT_DISABLE: '1', AWS_POLL_DELAY_SECONDS: '1', AWS_MAX_ATTEMPTS: '30' }
      const { stdout } = await run('packer', ['build', '-machine-readable', 'template.json'], { cwd: folder, env })
      const [, ami = ''] = /artifact,0,id,us-west-2:(ami-\w+)/.exec(stdout) ?? []
      expect(emulator.leftovers()).toEqual([
        { kind: 'image', id: ami, region: 'us-west-2', name: 'packed', tags: { 'made-by': 'packer' } },
        { kind: 'snapshot', id: expect.stringMatching(/^snap-/), region: 'us-west-2', name: undefined, tags: { 'made-by': 'packer' } },
      ])
      expect(emulator.journal.counts()).toMatchObject({
        CreateFleet: 1,
        CreateImage: 1,
        CopyImage: 1,
        DeregisterImage: 1,
        TerminateInstances: 1,
      })
      expect(emulator.journal.calls().filter(({ outcome }) => outcome.type !== 'answered')).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
      await emulator[Symbol.asyncDispose]()
    }
  }, 180_000)
})
