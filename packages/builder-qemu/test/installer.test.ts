import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { defineImage } from '@imago/core'
import { waitForText } from '@imago/hypervisor'
import { shell } from '@imago/provisioner-shell'
import type { Recorder } from '@imago/testing'
import { beforeAll, describe, expect, test } from 'vitest'

import { qemu } from '../src/index.ts'
import { guest, makingMs, skipped, temporaryFolder, trial } from './guest.ts'

describe.skipIf(skipped !== '')(`an installer on an ISO image${skipped}`, () => {
  beforeAll(() => void guest('iso'), makingMs)

  const installed = (...inline: string[]) =>
    defineImage({
      name: 'installed',
      builders: {
        vm: qemu({
          iso: { url: guest('iso'), checksum: 'none' },
          diskSize: '512m',
          http: { content: { 'answers.sh': ({ buildName }) => `echo "installed by ${buildName}" > /target/root/answered\n` } },
          boot: {
            command: ({ httpUrl }) => [waitForText('boot:'), `install url=${httpUrl}/answers.sh<enter>`, waitForText('installer: done')],
          },
          ssh: { key: { file: join(dirname(guest('key')), 'key') }, timeout: '3m' },
          shutdown: { command: 'poweroff' },
          result: { format: 'qcow2', path: 'out/installed.qcow2' },
        }),
      },
      provisioners: [shell({ inline }), shell({ inline: ['touch /tmp/of-no-boot /srv/last'] })],
    })

  test('waits for typed keys, fetches its answers over HTTP, installs, and the guest is provisioned', { timeout: 400_000 }, async () => {
    const directory = await temporaryFolder()
    const image = installed('cat /root/answered', 'findmnt -no SOURCE / 2>/dev/null || grep " / " /proc/mounts')
    const { report, events } = await trial(image, { directory, cache: true })
    expect(report.builds[0]?.error).toBeUndefined()
    expect(events.output()).toContain('installed by vm\n')
    expect(events.output()).toContain('/dev/vda1')
    expect(await readdir(join(directory, 'out'))).toEqual(['installed.qcow2'])
    expect((await readFile(join(directory, 'out/installed.qcow2'))).subarray(0, 3).toString()).toBe('QFI')
    const warnings = (recorded: Recorder) => recorded.of('message').flatMap(({ level, text }) => (level === 'warning' ? [text] : []))
    expect(warnings(events)).toEqual([
      'there is no snapshot after touch /tmp/of-no-boot /srv/last: a reboot would lose the file /tmp/of-no-boot',
    ])
    const again = await trial(installed('cat /root/answered', 'ls -A /srv'), { directory, cache: true })
    expect(again.report.builds[0]?.error).toBeUndefined()
    expect(again.report.builds[0]?.steps.map(({ step: { id } }) => id)).not.toContain('builder.boot') // it is installed already
    expect(again.events.output()).toBe('installed by vm\n')
  })

  test('a boot command that waits for what does not come says what was seen, and keeps a picture of it', { timeout: 200_000 }, async () => {
    const directory = await temporaryFolder()
    const image = defineImage({
      name: 'stuck',
      builders: {
        vm: qemu({
          iso: { url: guest('iso'), checksum: 'none' },
          diskSize: '64m',
          http: { content: { x: 'y' } },
          boot: { command: [waitForText('login:', { timeout: '4s' })] },
          result: { format: 'qcow2', path: 'out/stuck.qcow2' },
        }),
      },
    })
    const { report, events } = await trial(image, { directory })
    const error = report.builds[0]?.error
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining("the serial console did not say 'login:' within 4.0s") as unknown,
    })
    expect(error?.hint).toContain('the guest has asked for nothing at http://10.0.2.2:')
    const picture = join(directory, 'out/stuck-failed.png')
    expect(error?.hint).toContain(`look at ${picture}`)
    expect((await readFile(picture)).subarray(1, 4).toString()).toBe('PNG')
    expect(
      events
        .of('message')
        .map(({ text }) => text)
        .join('\n'),
    ).toContain(picture)
    expect((await readdir(join(directory, 'out'))).every((name) => name.startsWith('stuck-failed.'))).toBe(true)
    expect(events.unbalanced()).toEqual([])
  })
})
