import * as ec2 from '@aws-sdk/client-ec2'
import type { EC2Client, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { processOwner } from '@imago/core'
import { connectEngine } from '@imago/docker-engine'
import { describe, expect, test, vi } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { startEc2Emulator } from '../src/index.ts'
import type { Emulated } from './emulated.ts'
import { emulated } from './emulated.ts'
import { sshKey } from './ssh-guest.ts'

const skipped = reasonToSkip({ docker: 'docker image inspect debian:12', sshd: 'command -v ssh' })

/** Everything that an instance needs, from `CreateKeyPair` on. */
async function launch(client: EC2Client, more: Partial<RunInstancesCommandInput> = {}) {
  const KeyName = `key-${Math.random().toString(36).slice(2)}`
  const { KeyMaterial = '' } = await client.send(new ec2.CreateKeyPairCommand({ KeyName, KeyType: 'ed25519' }))
  const { GroupId = '' } = await client.send(new ec2.CreateSecurityGroupCommand({ GroupName: KeyName, Description: 'a test' }))
  const Filters = [{ Name: 'name', Values: ['debian-12-amd64-20261110-*'] }]
  const { Images = [] } = await client.send(new ec2.DescribeImagesCommand({ Filters }))
  const request = {
    ImageId: Images[0]?.ImageId,
    InstanceType: 't3.small' as const,
    KeyName,
    SecurityGroupIds: [GroupId],
    MinCount: 1,
    MaxCount: 1,
    ...more,
  }
  const { Instances } = await client.send(new ec2.RunInstancesCommand(request))
  const id = Instances?.[0]?.InstanceId ?? ''
  const address = await publicAddress(client, id)
  return { id, GroupId, KeyName, address, key: await sshKey(KeyMaterial) }
}

async function publicAddress(client: EC2Client, id: string): Promise<string> {
  return await vi.waitFor(
    async () => {
      const { Reservations } = await client.send(new ec2.DescribeInstancesCommand({ InstanceIds: [id] }))
      const instance = Reservations?.[0]?.Instances?.[0]
      expect(instance?.State?.Name).toBe('running')
      expect(instance?.PublicIpAddress).toBeDefined()
      return instance?.PublicIpAddress ?? ''
    },
    { timeout: 20_000, interval: 50 },
  )
}

async function stateOf(client: EC2Client, id: string) {
  const { Reservations } = await client.send(new ec2.DescribeInstancesCommand({ InstanceIds: [id] }))
  return Reservations?.[0]?.Instances?.[0]
}

async function openSsh({ client }: Pick<Emulated, 'client'>, GroupId: string): Promise<void> {
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '127.0.0.1/32' }] }]
  await client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
}

const patience = { timeout: 20_000, interval: 100 }

describe.skipIf(skipped !== '')(`guests${skipped}`, () => {
  test(
    'an instance is logged in to, provisioned and rebooted; an instance of its image has what was provisioned, and keys of its own',
    emulated(
      async ({ client, emulator }) => {
        const UserData = Buffer.from('#!/bin/sh\necho once >>/etc/from-user-data\n').toString('base64')
        const MetadataOptions = { HttpTokens: 'required' as const, InstanceMetadataTags: 'enabled' as const }
        const TagSpecifications = [{ ResourceType: 'instance' as const, Tags: [{ Key: 'Name', Value: 'cow' }] }]
        const { id, GroupId, KeyName, address, key } = await launch(client, { UserData, MetadataOptions, TagSpecifications })
        const me = `admin@${address}`
        expect(await key.refusal(me)).toMatch(/reset|closed/)
        await openSsh({ client }, GroupId)
        const whoami = await vi.waitFor(async () => await key.ssh(me, 'whoami; sudo whoami; hostname'), patience)
        expect(whoami).toBe(`admin\nroot\nip-${id.slice(-8)}\n`)
        expect(await key.refusal(`root@${address}`)).toContain('Please login as the user "admin"')
        expect(await key.ssh(me, 'cat ~/.ssh/authorized_keys')).toMatch(new RegExp(`^ssh-ed25519 \\S+ ${KeyName}\n$`))

        const imds = 'http://169.254.169.254/latest'
        expect(await key.ssh(me, `curl -s -o /dev/null -w '%{http_code}' ${imds}/meta-data/`)).toBe('401')
        const withToken = `T=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' ${imds}/api/token); get() { curl -fsS -H "X-aws-ec2-metadata-token: $T" ${imds}/meta-data/$1; echo; }`
        expect(await key.ssh(me, `${withToken}; get instance-id; get placement/region; get tags/instance/Name; get public-ipv4`)).toBe(
          `${id}\nus-west-2\ncow\n${address}\n`,
        )

        await key.ssh(me, 'cloud-init status --wait')
        const boot = await key.ssh(me, 'cat /proc/sys/kernel/random/boot_id')
        const hostKey = await key.ssh(me, 'cat /etc/ssh/ssh_host_ed25519_key.pub')
        await key.refusal(me, 'sudo sh -c "echo brown >/etc/cow; reboot"')
        await vi.waitFor(async () => expect(await key.ssh(me, 'cat /proc/sys/kernel/random/boot_id')).not.toBe(boot), patience)
        expect(await key.ssh(me, 'cat /etc/cow /etc/from-user-data /etc/ssh/ssh_host_ed25519_key.pub')).toBe(`brown\nonce\n${hostKey}`)
        const { Output = '' } = await client.send(new ec2.GetConsoleOutputCommand({ InstanceId: id }))
        expect(Buffer.from(Output, 'base64').toString()).toContain(hostKey.trim())

        await client.send(new ec2.StopInstancesCommand({ InstanceIds: [id] }))
        await vi.waitFor(async () => expect((await stateOf(client, id))?.State?.Name).toBe('stopped'), patience)
        const { ImageId = '' } = await client.send(new ec2.CreateImageCommand({ InstanceId: id, Name: 'cow-1' }))
        await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }))
        await vi.waitFor(async () => {
          const { Images } = await client.send(new ec2.DescribeImagesCommand({ ImageIds: [ImageId] }))
          expect(Images?.[0]?.State).toBe('available')
        }, patience)

        const again = await launch(client, { ImageId })
        await openSsh({ client }, again.GroupId)
        const found = await vi.waitFor(
          async () => await again.key.ssh(`admin@${again.address}`, 'cat /etc/cow /etc/from-user-data /etc/ssh/ssh_host_ed25519_key.pub'),
          patience,
        )
        expect(found.startsWith('brown\nonce\nssh-ed25519 ')).toBe(true)
        expect(found).not.toContain(hostKey.trim())
        await key[Symbol.asyncDispose]()
        await again.key[Symbol.asyncDispose]()
        expect(emulator.leftovers().filter(({ kind }) => kind === 'image' || kind === 'snapshot')).toHaveLength(2)
      },
      { guests: 'docker' },
    ),
    120_000,
  )

  test(
    'an instance that shuts itself down is stopped or terminated, as it was asked for',
    emulated(
      async ({ client }) => {
        const [one, other] = await Promise.all([launch(client), launch(client, { InstanceInitiatedShutdownBehavior: 'terminate' })])
        for (const { GroupId, key, address, id } of [one, other]) {
          await openSsh({ client }, GroupId)
          await vi.waitFor(async () => await key.ssh(`admin@${address}`, 'true'), patience)
          await key.refusal(`admin@${address}`, 'sudo shutdown -h now')
          const wanted = id === one.id ? 'stopped' : 'terminated'
          await vi.waitFor(async () => expect((await stateOf(client, id))?.State?.Name).toBe(wanted), patience)
          expect((await stateOf(client, id))?.StateReason?.Code).toBe('Client.InstanceInitiatedShutdown')
          await key[Symbol.asyncDispose]()
        }
        await client.send(new ec2.StartInstancesCommand({ InstanceIds: [one.id] }))
        expect(await publicAddress(client, one.id)).toMatch(/^127\.77\./)
      },
      { guests: 'docker' },
    ),
    60_000,
  )

  test('what an emulator left that was killed is removed by the next one', async () => {
    const engine = await connectEngine()
    const [host, boot, space] = processOwner().split('/')
    const labels = { 'imago.ec2-emulator': [host, boot, space, 2 ** 22 + 1, 1].join('/') } // no process can have this id
    const name = `imago-ec2-orphan-${process.pid}`
    try {
      await engine.containers.create({ name, image: 'debian:12', command: ['/bin/true'], labels })
      await engine.containers.commit(name, { base: 'debian:12', config: { labels } })
      const emulator = await startEc2Emulator({ guests: 'docker', regions: ['us-west-2'] })
      await emulator[Symbol.asyncDispose]()
      expect([await engine.containers.inspect(name), ...(await engine.images.list(labels))]).toEqual([undefined])
    } finally {
      await engine.containers.remove(name)
      engine.close()
    }
  })
})
