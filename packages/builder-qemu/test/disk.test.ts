import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { reboot } from '@imago/communicator-ssh'
import { artifactOf, defineImage } from '@imago/core'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
import { beforeAll, describe, expect, test } from 'vitest'

import { qemu } from '../src/index.ts'
import type { QemuDiskArtifact } from '../src/index.ts'
import { guestDisk, makingMs, skipped, temporaryFolder, trial } from './guest.ts'

/** A Debian package of one program, which says moo. */
async function cowPackage(folder: string): Promise<string> {
  const tree = join(folder, 'cow')
  await mkdir(join(tree, 'DEBIAN'), { recursive: true })
  await mkdir(join(tree, 'usr/bin'), { recursive: true })
  await writeFile(
    join(tree, 'DEBIAN/control'),
    'Package: cow\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: moo\n',
  )
  await writeFile(join(tree, 'usr/bin/moo'), '#!/bin/sh\necho "Moo from $(uname -n)."\n', { mode: 0o755 })
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, join(folder, 'cow.deb')], { stdio: 'ignore' })
  return join(folder, 'cow.deb')
}

describe.skipIf(skipped !== '')(`a guest that boots from its disk${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  test('is provisioned, rebooted, shut down and exported; what is made boots again', { timeout: 400_000 }, async () => {
    const directory = await temporaryFolder()
    const { disk, key } = guestDisk()
    const before = await readFile(disk.url)
    await mkdir(join(directory, 'site/pages'), { recursive: true })
    await writeFile(join(directory, 'site/pages/a b.html'), '<p>moo')
    const cow = defineImage({
      name: 'cow',
      builders: {
        vm: qemu({
          disk,
          diskSize: '1g',
          extraDisks: [{ size: '16m' }],
          ssh: { key },
          serialLog: 'out/serial.log',
          result: {
            format: 'qcow2',
            path: 'out/cow.qcow2',
            compress: 'zstd',
            rootfs: { path: 'out/cow.tar', exclude: ['/boot', 'usr/lib/', '/usr/share', '/var/lib'] },
          },
        }),
      },
      provisioners: [
        file({ source: await cowPackage(directory), destination: '/tmp/cow.deb' }),
        shell({ inline: ['apt-get install -y /tmp/cow.deb 2>&1', 'cat /proc/sys/kernel/random/boot_id >/root/before'] }),
        file({ source: 'site/', destination: '/srv/site' }),
        reboot(),
        shell({
          inline: [
            'cmp -s /proc/sys/kernel/random/boot_id /root/before && exit 1',
            'moo >/srv/said',
            'blockdev --getsize64 /dev/vda /dev/vdb',
          ],
        }),
      ],
    })
    const check = defineImage({
      name: 'check',
      builders: { again: qemu({ disk: artifactOf(cow, 'vm'), ssh: { key }, result: { format: 'none' } }) },
      provisioners: [shell({ inline: ['cat /srv/said "/srv/site/pages/a b.html"', 'dpkg -s cow | grep Status', 'ls -A /root/.ssh'] })],
    })
    const { report, events } = await trial(check, { directory })
    expect(report.builds.map(({ error }) => error)).toEqual([undefined, undefined])
    expect(events.output('vm')).toContain('1073741824\n16777216')
    expect(events.output('again')).toBe('Moo from guest.\n<p>mooStatus: install ok installed\nauthorized_keys\n')
    const artifact = report.builds[0]?.artifact as QemuDiskArtifact // what the builder makes
    expect(artifact).toMatchObject({ type: 'qemu-disk', format: 'qcow2', arch: 'x86_64', virtualSize: 1024 ** 3 })
    expect(artifact.files.map(({ path }) => path)).toEqual(
      ['cow.qcow2', 'cow-1.qcow2', 'cow.tar'].map((name) => join(directory, 'out', name)),
    )
    expect(artifact.rootfs).toEqual(artifact.files[2])
    for (const { path, size, sha256 } of artifact.files) {
      const content = await readFile(path)
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([size, sha256])
    }
    expect((await readdir(join(directory, 'out'))).toSorted()).toEqual(['cow-1.qcow2', 'cow.qcow2', 'cow.tar', 'serial.log'])
    expect(await readFile(join(directory, 'out/serial.log'), 'utf8')).toContain('guest: started')
    const listed = execFileSync('tar', ['-tvf', join(directory, 'out/cow.tar'), '--numeric-owner'], { encoding: 'utf8' })
    expect(listed).toMatch(/^-rwxr-xr-x 0\/0 .* \.\/usr\/bin\/moo$/m)
    expect(listed).toMatch(/^-rw-r----- 0\/42 .* \.\/etc\/shadow$/m)
    expect(listed).toMatch(/^d\S+ 0\/0 .* \.\/proc\/$/m)
    expect(listed).not.toMatch(/\.\/(?:proc|sys|dev|run|boot)\/./)
    expect(before.equals(await readFile(disk.url))).toBe(true) // what it starts from is never changed
  })
})
