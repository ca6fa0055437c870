import { execFileSync, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { FilesArtifact } from '@imago/core'
import { defineImage } from '@imago/core'
import { waitForText } from '@imago/hypervisor'
import { shell } from '@imago/provisioner-shell'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { dockerImport } from '../../post-processor-docker/src/index.ts'
import { virtualboxIso, virtualboxOvf } from '../src/index.ts'
import type { ContainedVirtualBox } from './virtualbox.ts'
import { makingMs, skipped, startVirtualBox, trial } from './virtualbox.ts'

const withoutQemu = reasonToSkip({ qemu: 'qemu-system-x86_64 --version' })

/** What the guest's image needs no more: to encrypt it takes the guest long. */
const libraries = ['libtomcrypt.so.1', 'libpcre2-8.so.0', 'libgmp.so.10']
const unread = ['/bin/busybox', '/bin/dropbear', '/bin/scp', '/bin/tar', ...libraries.map((library) => `/lib/x86_64-linux-gnu/${library}`)]
/** Its shell is all that is left of its programs. */
const reading = 'while read line; do echo $line; done </root/marker'

describe.skipIf(skipped !== '')(`an installer in VirtualBox, then its appliance${skipped}`, { timeout: 900_000 }, () => {
  let box: ContainedVirtualBox
  let installed: FilesArtifact
  let again: FilesArtifact

  beforeAll(() => {
    box = startVirtualBox()
  }, makingMs)
  afterAll(() => box.stop())

  test('is typed at, fetches its answers, installs; the guest is provisioned, restarted, shut down and exported', async () => {
    const image = defineImage({
      name: 'installed',
      builders: {
        vm: virtualboxIso({
          program: box.program,
          iso: { url: box.iso, checksum: 'none' },
          diskSize: '128m',
          guestOsType: 'Debian_64',
          cpus: 1,
          memory: '256m',
          diskInterface: 'ide',
          nic: 'virtio',
          vboxmanage: ({ vm }) => [['modifyvm', vm, '--firmware-boot-menu', 'disabled', '--firmware-logo-display-time', '0']],
          http: { content: { 'answers.sh': ({ buildName }) => `echo "installed by ${buildName}" > /target/root/answered\n` } },
          boot: { command: ({ httpUrl }) => [waitForText('boot:'), `install url=${httpUrl}/answers.sh<enter>`] },
          ssh: { key: { file: box.key }, timeout: '10m' },
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
    expect(events.output()).toContain('provisioned\nVirtualBox')
    installed = report.builds[0]?.artifact as FilesArtifact // what the builder makes
    expect(installed.files.map(({ path }) => path)).toEqual([join(directory, 'out/installed.ova')])
    expect(box.manage('list', 'vms')).toBe('')
  })

  test('is imported, provisioned again, and exported as OVF, with its disk and a manifest, and as a Docker image', async () => {
    onTestFinished(() => void execFileSync('docker', ['rmi', '-f', 'imago-test-calf:1'], { stdio: 'ignore' }))
    const image = defineImage({
      name: 'imported',
      builders: {
        vm: virtualboxOvf({
          program: box.program,
          source: { url: installed.files[0]?.path ?? '', checksum: `sha256:${installed.files[0]?.sha256 ?? ''}` },
          name: 'cow',
          cd: { content: { seed: 'moo' } },
          ssh: { key: { file: box.key }, timeout: '10m' },
          // the power button does it
          result: {
            format: 'ovf',
            path: 'out/cow.ovf',
            exportOptions: ['--vsys', '0', '--vendor', 'Cow Inc.'],
            rootfs: { path: 'out/cow.tar', exclude: unread },
          },
        }),
      },
      provisioners: [
        shell({
          inline: ['cat /root/marker', 'mkdir -p /mnt', 'mount -t iso9660 /dev/sr0 /mnt', 'cat /mnt/seed', 'umount /mnt'],
        }),
        shell({ inline: ['echo again >>/root/marker', 'echo "cat /root/answered /root/marker >/dev/ttyS0" >>/etc/rcS'] }),
      ],
      postProcessors: [dockerImport({ repository: 'imago-test-calf', tag: '1', changes: [`CMD ["sh", "-c", "${reading}"]`] })],
    })
    const { report, events, directory } = await trial(box, image)
    expect(report.builds[0]?.error).toBeUndefined()
    expect(events.output()).toContain('provisioned\nmoo')
    again = report.builds[0]?.artifact as FilesArtifact // what the builder makes
    const out = join(directory, 'out')
    // VirtualBox names the disks after the machine, which is named after the run
    const disk = `imago-${report.runId}-imported-vm-disk001.vmdk`
    expect(again.files.map(({ path }) => path)).toEqual(['cow.ovf', 'cow.mf', disk, 'cow.tar'].map((file) => join(out, file)))
    const description = await readFile(join(out, 'cow.ovf'), 'utf8')
    expect(description).toContain('<VirtualSystem ovf:id="cow">')
    expect(description).toContain('Cow Inc.')
    for (const only of ['imago-ssh', 'UART', 'localhost', box.folder]) expect(description).not.toContain(only)
    expect(events.of('message').filter(({ level }) => level === 'warning')).toEqual([])
    expect(box.manage('list', 'vms')).toBe('')
    expect(execFileSync('docker', ['run', '--rm', 'imago-test-calf:1'], { encoding: 'utf8' })).toBe('provisioned\nagain\n')
  })

  test.skipIf(withoutQemu !== '')(`starts elsewhere, and is what both builds made of it${withoutQemu}`, async () => {
    const disk = again.files.find(({ path }) => path.endsWith('.vmdk'))?.path ?? ''
    const drive = `file=${disk},format=vmdk,if=ide,snapshot=on`
    const options = ['-accel', 'tcg', '-m', '256', '-nodefaults', '-display', 'none', '-serial', 'stdio', '-drive', drive]
    const machine = spawn('qemu-system-x86_64', options, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 240_000 })
    onTestFinished(() => void machine.kill('SIGKILL'))
    let said = ''
    for await (const chunk of machine.stdout.setEncoding('utf8')) {
      said += String(chunk).replaceAll('\r', '')
      if (said.includes('again\n')) break
    }
    expect(said).toContain('installed by vm\nprovisioned\nagain\n')
  })
})
