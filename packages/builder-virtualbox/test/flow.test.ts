import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { FilesArtifact } from '@imago/core'
import { defineImage } from '@imago/core'
import { waitForText } from '@imago/hypervisor'
import { shell } from '@imago/provisioner-shell'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { virtualboxIso, virtualboxOvf } from '../src/index.ts'
import type { ContainedVirtualBox } from './virtualbox.ts'
import { makingMs, skipped, startVirtualBox, trial } from './virtualbox.ts'

describe.skipIf(skipped !== '')(`an installer in VirtualBox, then its appliance${skipped}`, () => {
  let box: ContainedVirtualBox
  let installed: FilesArtifact

  beforeAll(() => {
    box = startVirtualBox()
  }, makingMs)
  afterAll(() => box.stop())

  test(
    'is typed at, fetches its answers, installs; the guest is provisioned, restarted, shut down and exported',
    { timeout: 600_000 },
    async () => {
      const image = defineImage({
        name: 'installed',
        builders: {
          vm: virtualboxIso({
            program: box.program,
            iso: { url: box.iso, checksum: 'none' },
            diskSize: '64m',
            guestOsType: 'Debian_64',
            cpus: 1,
            memory: '256m',
            diskInterface: 'ide',
            vboxmanage: ({ vm }) => [['modifyvm', vm, '--firmware-boot-menu', 'disabled', '--firmware-logo-display-time', '0']],
            http: { content: { 'answers.sh': ({ buildName }) => `echo "installed by ${buildName}" > /target/root/answered\n` } },
            boot: { command: ({ httpUrl }) => [waitForText('boot:'), `install url=${httpUrl}/answers.sh<enter>`] },
            ssh: { key: { file: box.key }, timeout: '6m' },
            shutdown: { command: 'poweroff' },
            result: { format: 'ova', path: 'out/installed.ova' },
          }),
        },
        provisioners: [
          shell({ inline: ['cat /root/answered', 'echo provisioned >/root/marker', 'sync'] }),
          shell({ inline: ['reboot', 'sleep 100'], expectDisconnect: true }),
          shell({ inline: ['cat /root/marker', 'cat /sys/class/dmi/id/product_name'] }),
        ],
      })
      const { report, events, directory } = await trial(box, image)
      expect(report.builds[0]?.error).toBeUndefined()
      expect(events.output()).toContain('installed by vm\n')
      expect(events.output()).toContain('VirtualBox')
      installed = report.builds[0]?.artifact as FilesArtifact // what the builder makes
      expect(installed.files.map(({ path }) => path)).toEqual([join(directory, 'out/installed.ova')])
      expect(box.manage('list', 'vms')).toBe('')
    },
  )

  test('is imported, provisioned again, and exported as OVF, with its disk and a manifest', { timeout: 600_000 }, async () => {
    const image = defineImage({
      name: 'imported',
      builders: {
        vm: virtualboxOvf({
          program: box.program,
          source: { url: installed.files[0]?.path ?? '', checksum: `sha256:${installed.files[0]?.sha256 ?? ''}` },
          name: 'cow',
          cd: { content: { seed: 'moo' } },
          ssh: { key: { file: box.key }, timeout: '6m' },
          result: { format: 'ovf', path: 'out/cow.ovf', exportOptions: ['--vsys', '0', '--vendor', 'Cow Inc.'] },
        }),
      },
      provisioners: [
        shell({
          inline: ['cat /root/marker', 'mkdir -p /mnt', 'mount -t iso9660 /dev/sr0 /mnt', 'cat /mnt/seed', 'echo again >>/root/marker'],
        }),
      ],
    })
    const { report, events, directory } = await trial(box, image)
    expect(report.builds[0]?.error).toBeUndefined()
    expect(events.output()).toContain('provisioned\nmoo')
    const artifact = report.builds[0]?.artifact as FilesArtifact // what the builder makes
    const out = join(directory, 'out')
    // VirtualBox names the disks after the machine, which is named after the run
    const disk = `imago-${report.runId}-imported-vm-disk001.vmdk`
    expect(artifact.files.map(({ path }) => path)).toEqual([join(out, 'cow.ovf'), join(out, 'cow.mf'), join(out, disk)])
    const description = await readFile(join(out, 'cow.ovf'), 'utf8')
    expect(description).toContain('<VirtualSystem ovf:id="cow">')
    expect(description).toContain('Cow Inc.')
    for (const only of ['imago-ssh', 'UART', box.folder]) expect(description).not.toContain(only)
    expect(events.of('message').filter(({ level }) => level === 'warning')).toEqual([])
    expect(box.manage('list', 'vms')).toBe('')
  })
})
