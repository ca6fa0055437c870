import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { reboot } from '@imago/communicator-ssh'
import { artifactOf, defineImage } from '@imago/core'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
import { describe, expect, test } from 'vitest'

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
    'an instance that AWS ends in the middle of a step is told at once, with the reason',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        aws.emulator.faults.inject({
          type: 'terminated',
          ms: 6000,
          code: 'Server.InternalError',
          message: 'Server.InternalError: a disk is on fire',
        })
        const image = defineImage({
          name: 'cow',
          builders: { aws: amazonEbs(base) },
          provisioners: [shell({ inline: ['echo started', 'sleep 60'] })],
        })
        const began = performance.now()
        const { build } = await aws.run(image)
        expect(build.error).toMatchObject({
          code: 'MACHINE_LOST',
          message: expect.stringMatching(/^instance i-\w+ is (terminated|shutting-down): Server.InternalError: a disk is on fire$/),
        })
        expect(performance.now() - began).toBeLessThan(40_000)
        expect(aws.emulator.leftovers()).toEqual([])
      }),
    60_000,
  )

  test(
    'an instance that a step shuts down is gone, and says so',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        const image = defineImage({
          name: 'cow',
          builders: { aws: amazonEbs(base) },
          provisioners: [shell({ inline: ['sudo poweroff', 'sleep 60'] })],
        })
        const { build } = await aws.run(image)
        expect(build.error).toMatchObject({
          code: 'MACHINE_LOST',
          message: expect.stringMatching(/^instance i-\w+ is (terminated|shutting-down): .*shutdown/i),
        })
        expect(aws.emulator.leftovers()).toEqual([])
      }),
    60_000,
  )

  test(
    'a spot instance that AWS takes back says so',
    () =>
      emulated({ guests: 'docker' }, async (aws) => {
        aws.emulator.faults.inject({ type: 'spot-interruption', ms: 6000 })
        const image = defineImage({
          name: 'cow',
          builders: { aws: amazonEbs({ ...base, spot: {} }) },
          provisioners: [shell({ inline: ['sleep 60'] })],
        })
        const { build } = await aws.run(image)
        expect(build.error).toMatchObject({ code: 'MACHINE_LOST', message: expect.stringMatching(/Spot/) })
        expect(aws.emulator.leftovers()).toEqual([])
      }),
    60_000,
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
    60_000,
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
    60_000,
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
