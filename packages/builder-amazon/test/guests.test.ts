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
})
