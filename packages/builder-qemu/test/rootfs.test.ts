import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { defineImage } from '@imago/core'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
import { beforeAll, describe, expect, test } from 'vitest'

import { qemu } from '../src/index.ts'
import { guestDisk, makingMs, skipped, trial } from './guest.ts'

describe.skipIf(skipped !== '')(`a build whose result is a file system alone${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  test('makes one file, which has what is in the guest, and no disk', { timeout: 200_000 }, async () => {
    const { disk, key } = guestDisk()
    const image = defineImage({
      name: 'files',
      builders: {
        vm: qemu({ disk, ssh: { key }, result: { format: 'rootfs', path: 'out/files.tar', exclude: ['/usr', 'boot/', '/var'] } }),
      },
      provisioners: [
        file({ content: '<p>moo', destination: '/srv/site/a b.html', mode: 0o640, owner: '33:44' }),
        shell({ inline: ['ln -s "a b.html" /srv/site/index.html', 'mknod /srv/null c 1 3', 'echo gone >/run/gone'] }),
      ],
    })
    const { report, directory } = await trial(image)
    const [build] = report.builds
    expect(build?.error).toBeUndefined()
    const path = join(directory, 'out/files.tar')
    const content = await readFile(path)
    const sha256 = createHash('sha256').update(content).digest('hex')
    expect(build?.artifacts).toEqual([
      { type: 'qemu-rootfs', id: `sha256:${sha256}`, platform: 'linux/amd64', files: [{ path, size: content.length, sha256 }] },
    ])
    expect(await readdir(join(directory, 'out'))).toEqual(['files.tar'])
    const listed = execFileSync('tar', ['-tvf', path, '--numeric-owner'], { encoding: 'utf8' })
    expect(listed).toMatch(/^-rw-r----- 33\/44 +6 .* \.\/srv\/site\/a b\.html$/m)
    expect(listed).toMatch(/^l\S+ 0\/0 .* \.\/srv\/site\/index\.html -> a b\.html$/m)
    expect(listed).toMatch(/^c\S+ 0\/0 +1,3 .* \.\/srv\/null$/m)
    expect(listed).toMatch(/^-rw-r----- 0\/42 .* \.\/etc\/shadow$/m)
    const names = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).split('\n')
    expect(names.filter((name) => /^\.\/(?:proc|sys|dev|run|boot|usr|var)\/./.test(name))).toEqual([])
    const contentOf = (name: string): string => execFileSync('tar', ['-xOf', path, name], { encoding: 'utf8' })
    expect([contentOf('./srv/site/a b.html'), contentOf('./etc/hostname')]).toEqual(['<p>moo', 'guest\n'])
  })
})
