import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { reboot } from '@imago/communicator-ssh'
import { artifactOf, defineImage, sweep } from '@imago/core'
import type { EndReason, Fault } from '@imago/ec2-emulator'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { amazonEbs } from '../src/index.ts'
import type { AmazonEbsOptions } from '../src/index.ts'
import { emulated, strays } from './emulated.ts'

const skipped = reasonToSkip({ docker: 'docker image inspect debian:12' })

const base = {
  region: 'us-west-2',
  sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
  instanceType: 't3.small',
  ami: { name: 'cow-{timestamp}' },
} as const satisfies AmazonEbsOptions

/** What hits builds of one run, each its own. */
const faults: readonly Fault[] = [
  { type: 'no-capacity', instanceType: 't3.large', times: Infinity },
  { type: 'image-failed', name: 'failed', reason: 'the volume is on fire' },
  { type: 'slow-image', name: 'slow', ms: 600_000 },
  { type: 'image-failed', operation: 'CopyImage', region: 'eu-west-1', reason: 'no room' },
]

/** How instances are ended while steps work in them. */
const reasons = {
  disk: { message: 'Server.InternalError: a disk is on fire' },
  spot: { code: 'Server.SpotInstanceTermination' },
} as const satisfies Readonly<Record<string, EndReason>>

afterEach(() => vi.unstubAllEnvs())

describe.skipIf(skipped !== '')(`with guests${skipped}`, () => {
  test(
    'an instance is provisioned and rebooted, and what its AMI boots has everything but the key',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        await mkdir(join(aws.directory, 'site/css'), { recursive: true })
        await writeFile(join(aws.directory, 'site/index.html'), 'moo')
        await writeFile(join(aws.directory, 'site/css/cow.css'), 'cow {}')
        const cow = defineImage({
          name: 'cow',
          builders: { aws: amazonEbs(base) },
          provisioners: [
            shell({ inline: ['sudo apt-get update -qq', 'sudo apt-get install -y -qq --no-install-recommends jq >/dev/null'] }),
            file({ source: 'site/', destination: '/tmp/site' }),
            shell({ inline: ['sudo cp -r /tmp/site /srv/site', 'cat /proc/sys/kernel/random/boot_id | sudo tee /srv/boot'] }),
            reboot(),
            shell({ inline: ['test "$(cat /srv/boot)" != "$(cat /proc/sys/kernel/random/boot_id)"', 'jq --version'] }),
          ],
        })
        const check = defineImage({
          name: 'check',
          builders: { aws: amazonEbs({ ...base, sourceAmi: artifactOf(cow, 'aws'), connect: { user: 'admin' }, ami: false }) },
          provisioners: [
            shell({
              inline: [
                'test "$(cat /srv/site/index.html /srv/site/css/cow.css)" = "moocow {}"',
                'test "$(echo 1 | jq -c .)" = 1',
                'test "$(grep -c . ~/.ssh/authorized_keys)" = 1',
                '! sudo grep -q cow-aws /root/.ssh/authorized_keys',
              ],
            }),
          ],
        })
        const { builds } = await aws.run(check)
        expect(builds.map(({ image, status, error }) => ({ image, status, error }))).toEqual([
          { image: 'cow', status: 'succeeded', error: undefined },
          { image: 'check', status: 'succeeded', error: undefined },
        ])
        expect(strays(aws)).toEqual([])
        expect(aws.emulator.leftovers().map(({ kind }) => kind)).toEqual(['image', 'snapshot'])
      }),
    120_000,
  )

  test(
    'what ends an instance, and what fails when it was provisioned, is told with the reason, and leaves nothing',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        for (const fault of faults) aws.emulator.faults.inject(fault)
        const untilEnded = ['ended', 'interrupted'] as const
        const image = defineImage({
          name: 'cow',
          builders: {
            ended: amazonEbs(base),
            interrupted: amazonEbs({ ...base, spot: {} }),
            off: amazonEbs(base),
            nowhere: amazonEbs({ ...base, instanceType: 't3.large' }),
            failed: amazonEbs({ ...base, ami: { name: 'failed' } }),
            slow: amazonEbs({ ...base, ami: { name: 'slow' }, polling: { imageTimeout: '1s' } }),
            uncopied: amazonEbs({ ...base, ami: { name: 'uncopied', regions: ['eu-west-1', 'eu-central-1'] } }),
          },
          provisioners: [
            shell({ only: untilEnded, inline: (facts) => [`echo "started in ${facts.machineId ?? ''}"`, 'sleep 600'] }),
            shell({ only: ['off'], inline: ['sudo poweroff', 'sleep 600'] }),
            shell({ only: ['failed', 'slow', 'uncopied'], inline: ['echo moo | sudo tee /etc/cow'] }),
          ],
        })
        const { builds, events } = await aws.run(image, {
          onEvent: (event) => {
            if (event.type !== 'output') return
            const [, id] = /^started in (i-\w+)/.exec(event.text) ?? []
            if (id !== undefined) aws.emulator.endInstance(id, event.build === 'interrupted' ? reasons.spot : reasons.disk)
          },
        })
        expect(Object.fromEntries(builds.map(({ build, error }) => [build, `${error?.code ?? ''}: ${error?.message ?? ''}`]))).toEqual({
          ended: expect.stringMatching(
            /^MACHINE_LOST: instance i-\w+ is (terminated|shutting-down): Server.InternalError: a disk is on fire$/,
          ),
          interrupted: expect.stringMatching(/^MACHINE_LOST: .*Server.SpotInstanceTermination: Spot instance termination$/),
          off: expect.stringMatching(/^MACHINE_LOST: instance i-\w+ is (terminated|shutting-down): .*shutdown/i),
          nowhere: expect.stringMatching(/^PROVIDER_UNAVAILABLE: no capacity for t3.large in us-west-2: .*InsufficientInstanceCapacity/),
          failed: expect.stringMatching(/^PROVIDER_FAILED: the AMI ami-\w+ in us-west-2 is failed: the volume is on fire$/),
          slow: expect.stringMatching(/^TIMEOUT: waited 1\.0s for the AMI ami-\w+ in us-west-2: it is pending$/),
          uncopied: expect.stringMatching(/^PROVIDER_FAILED: the AMI ami-\w+ in eu-west-1 is failed: no room$/),
        })
        // what a step of `failed` wrote shows that its guest was provisioned before its image failed
        expect(events).toContainEqual(expect.objectContaining({ type: 'output', build: 'failed', text: expect.stringContaining('moo') }))
        expect(aws.emulator.journal.counts()).toHaveProperty('GetConsoleOutput')
        expect(aws.emulator.leftovers()).toEqual([])
      }),
    120_000,
  )

  test(
    'a bad day at AWS: too many calls, a wrong clock, no room in a zone, answers lost, things not known yet, a slow image; and the image is right all the same',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        const lost = ['ImportKeyPair', 'CreateSecurityGroup', 'StopInstances', 'CreateImage', 'TerminateInstances']
        for (const operation of lost) aws.emulator.faults.inject({ type: 'lost-response', operation })
        aws.emulator.faults.inject({ type: 'lost-response', operation: 'RunInstances', after: 1 })
        aws.emulator.faults.inject({ type: 'no-capacity', zone: 'us-west-2a' })
        aws.emulator.faults.inject({ type: 'throttle', operation: 'CreateImage' })
        aws.emulator.faults.inject({ type: 'clock-skew', ms: 3_600_000 })
        aws.emulator.faults.inject({ type: 'invisible', ms: 300, times: Infinity })
        aws.emulator.faults.inject({ type: 'slow-image', ms: 500 })
        aws.emulator.faults.inject({ type: 'slow-release', ms: 500 })
        const cow = defineImage({
          name: 'cow',
          builders: { aws: amazonEbs(base) },
          provisioners: [shell({ inline: ['echo moo | sudo tee /etc/cow'] })],
        })
        const check = defineImage({
          name: 'check',
          builders: { aws: amazonEbs({ ...base, sourceAmi: artifactOf(cow, 'aws'), connect: { user: 'admin' }, ami: false }) },
          provisioners: [shell({ inline: ['test "$(cat /etc/cow)" = moo'] })],
        })
        const { builds } = await aws.run(check)
        expect(builds.map(({ error }) => error)).toEqual([undefined, undefined])
        expect(strays(aws)).toEqual([])
        const refused = aws.emulator.journal.calls().flatMap(({ outcome }) => (outcome.type === 'refused' ? [outcome.code] : []))
        expect(refused).toEqual(expect.arrayContaining(['RequestExpired', 'RequestLimitExceeded', 'InsufficientInstanceCapacity']))
        const cut = aws.emulator.journal.calls().filter(({ outcome }) => outcome.type === 'cut')
        expect(cut.map(({ operation }) => operation).toSorted()).toEqual([...lost, 'RunInstances'].toSorted())
      }),
    120_000,
  )

  test(
    'credentials that expire while provisioners work leave what a sweep with new ones removes',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        aws.emulator.faults.inject({ type: 'expired-credentials', operation: 'StopInstances' })
        const builder = amazonEbs(base)
        const image = defineImage({ name: 'cow', builders: { aws: builder }, provisioners: [shell({ inline: ['true'] })] })
        const { build } = await aws.run(image)
        expect(build.error).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
        expect(strays(aws)).toHaveLength(4)
        vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIARENEWED')
        const swept = await sweep({ stateDirectory: aws.stateDirectory })
        expect(swept.map(({ outcome }) => outcome)).toEqual(['removed', 'removed', 'removed'])
      }),
    120_000,
  )

  test(
    'an instance that stops itself becomes an AMI',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        const builder = amazonEbs({ ...base, launch: { stop: 'from-inside' } })
        const image = defineImage({
          name: 'cow',
          builders: { aws: builder },
          provisioners: [shell({ inline: ['sudo poweroff'], expectDisconnect: true })],
        })
        const { build } = await aws.run(image)
        expect(build.error).toBeUndefined()
        expect(strays(aws)).toEqual([])
        expect(aws.emulator.journal.counts()).not.toHaveProperty('StopInstances')
      }),
    120_000,
  )

  test(
    'user data runs, and the Session Manager leads into an instance without an open port',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        const bin = join(aws.directory, 'bin')
        await mkdir(bin)
        await writeFile(join(bin, 'session-manager-plugin'), fakePlugin(import.meta.dirname), { mode: 0o755 })
        const path = process.env['PATH']
        process.env['PATH'] = `${bin}:${path ?? ''}`
        try {
          const launch = { userData: '#!/bin/sh\necho moo >/etc/cow\n' }
          const builder = amazonEbs({ ...base, launch, connect: { address: 'session-manager' }, ami: false })
          const image = defineImage({
            name: 'cow',
            builders: { aws: builder },
            provisioners: [shell({ inline: ['cloud-init status --wait', 'test "$(cat /etc/cow)" = moo'] })],
          })
          const { build } = await aws.run(image)
          expect(build.error).toBeUndefined()
          expect(aws.emulator.leftovers()).toEqual([])
          expect(aws.emulator.journal.counts()).not.toHaveProperty('AuthorizeSecurityGroupIngress')
          expect(aws.emulator.journal.counts()).toMatchObject({ StartSession: expect.any(Number), TerminateSession: 1 })
        } finally {
          process.env['PATH'] = path
        }
      }),
    120_000,
  )
})

/** What stands for AWS's program: it carries a port of this machine to the instance's private address. */
const fakePlugin = (folder: string): string => `#!/usr/bin/env node
if (process.argv[2] === '--version') process.exit(0)
const { createRequire } = require('node:module')
const { EC2Client, DescribeInstancesCommand } = createRequire('${folder}/')('@aws-sdk/client-ec2')
const { connect, createServer } = require('node:net')
const request = JSON.parse(process.argv[6])
const ec2 = new EC2Client({ region: process.argv[3] })
ec2.send(new DescribeInstancesCommand({ InstanceIds: [request.Target] })).then(({ Reservations }) => {
  const host = Reservations[0].Instances[0].PrivateIpAddress
  createServer((near) => {
    const far = connect({ host, port: Number(request.Parameters.portNumber[0]) })
    for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy()).pipe(other)
  }).listen(Number(request.Parameters.localPortNumber[0]), '127.0.0.1')
})
`
