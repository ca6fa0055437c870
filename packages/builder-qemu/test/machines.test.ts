import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { defineImage } from '@imago/core'
import { SerialConsole } from '@imago/hypervisor'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { qemu } from '../src/index.ts'
import type { QemuDiskArtifact } from '../src/index.ts'
import { findFirmware } from '../src/firmware.ts'
import { machineFolder, qemuMachine } from '../src/machine-resource.ts'
import type { MachineSpec } from '../src/machine-spec.ts'
import { probeDevice, probeExitCode, probeRom } from '../src/probe-rom.ts'
import { QemuImg } from '../src/qemu-img.ts'
import type { RunningMachine } from '../src/running-machine.ts'
import { runTool } from '../src/run-tool.ts'
import { attachMachine, launchMachine } from '../src/start-machine.ts'
import { guest, makingMs, skipped, temporaryFolder, trial } from './guest.ts'

const signal = AbortSignal.timeout(600_000)
const withoutUefi =
  skipped === ''
    ? reasonToSkip({ ovmf: 'test -e /usr/share/OVMF/OVMF_CODE_4M.ms.fd', swtpm: 'swtpm --version', mtools: 'mcopy --version' })
    : skipped

/** A machine that is paused, and gone when the test is over. */
async function paused(overrides: Partial<MachineSpec>, tpmState?: string): Promise<RunningMachine> {
  const directory = await temporaryFolder()
  const img = new QemuImg()
  const disks = [join(directory, 'a,b.qcow2'), join(directory, 'c.qcow2')].map((path) => ({ path, format: 'qcow2' }))
  for (const { path } of disks) await img.create({ path, size: 1024 ** 2, signal })
  const floppy = join(directory, 'floppy.img')
  await runTool(['qemu-img', 'create', '-q', '-f', 'raw', floppy, '1440k'], { signal })
  const cds = [join(directory, 'one.iso'), join(directory, 'two.iso')]
  for (const cd of cds) await runTool(['qemu-img', 'create', '-q', '-f', 'raw', cd, '64k'], { signal })
  const name = `imago-test${process.pid}-${Math.random().toString(36).slice(2)}`
  const folder = machineFolder(name)
  const { kind, package: packageName } = qemuMachine
  const record = { runId: 'test', image: 'x', build: 'y', kind, package: packageName, name, data: { folder } }
  onTestFinished(async () => await qemuMachine.destroy(record, signal))
  const spec = {
    name,
    arch: 'x86_64',
    accelerator: 'tcg',
    type: 'pc',
    cpu: 'max',
    cpus: 1,
    memory: 64 * 1024 ** 2,
    disks,
    diskInterface: 'virtio',
    cds,
    floppy,
    nics: [
      {
        model: 'virtio-net-pci',
        network: { type: 'user', isolated: true, forwards: [{ protocol: 'tcp', bind: '127.0.0.1', host: 0, guest: 22 }] },
      },
    ],
    serialLog: join(directory, 'serial.log'),
    headless: true,
    isIncoming: false,
    extra: [],
    ...overrides,
  } as const
  const launched = await launchMachine({ program: 'qemu-system-x86_64', spec, folder, labels: {}, tpmState, signal })
  return await attachMachine(launched, new SerialConsole(), signal)
}

describe.skipIf(skipped !== '')(`machines${skipped}`, () => {
  test.each([
    ['pc', 'virtio'],
    ['pc', 'virtio-scsi'],
    ['pc', 'sata'],
    ['pc', 'ide'],
    ['pc', 'nvme'],
    ['q35', 'virtio'],
    ['q35', 'virtio-scsi'],
    ['q35', 'sata'],
    ['q35', 'nvme'],
  ] as const)('QEMU takes %s with disks of %s, CDs and a floppy', { timeout: 60_000 }, async (type, diskInterface) => {
    const machine = await paused({ type, diskInterface })
    expect(await machine.forwardedPort(22, signal)).toBeGreaterThan(1023)
    await expect(machine.forwardedPort(23, signal)).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
    await machine.pullPlug(signal)
    expect(machine.lost.aborted).toBe(false)
  })

  test.each(['std', 'virtio', 'qxl', 'cirrus', 'vmware'] as const)(
    'QEMU takes a card %s, processors that are spread, and a BIOS of a file',
    { timeout: 60_000 },
    async (vga) => {
      // a program of 64 KB that does nothing
      const bios = join(await temporaryFolder(), 'bios.bin')
      await writeFile(bios, Buffer.alloc(65_536, 0xf4))
      const machine = await paused({ vga, bios, cpus: 8, topology: { sockets: 2, cores: 2, threads: 2 } })
      expect(await machine.forwardedPort(22, signal)).toBeGreaterThan(1023)
      await machine.pullPlug(signal)
      expect(machine.lost.aborted).toBe(false)
    },
  )

  test('a screen can be seen, with VNC too, and typed at', { timeout: 60_000 }, async () => {
    const machine = await paused({ vnc: '127.0.0.1:0,to=999,password=on' })
    await machine.setVncPassword('word', signal)
    expect(await machine.vncAddress(signal)).toMatch(/^127\.0\.0\.1:59\d\d$/)
    await machine.powerOn(signal)
    await machine.send(
      [
        { key: 'a', down: true },
        { key: 'a', down: false },
      ],
      signal,
    )
    const picture = await machine.capture(signal)
    expect(Buffer.from(picture.subarray(0, 2)).toString()).toBe('P6')
    machine.close()
  })

  test('a machine that crashes is lost, with the words of QEMU', { timeout: 60_000 }, async () => {
    const machine = await paused({})
    process.kill(machine.pid, 'SIGABRT')
    await new Promise((aborted) => machine.lost.addEventListener('abort', aborted, { once: true }))
    expect(machine.lost.reason).toMatchObject({
      code: 'MACHINE_LOST',
      message: expect.stringContaining('it was killed by SIGABRT') as unknown,
    })
    await expect(machine.powerOn(signal)).rejects.toMatchObject({ code: 'MACHINE_LOST' })
  })

  test('the probe of accelerators runs to its end where guests are run', { timeout: 60_000 }, async () => {
    const directory = await temporaryFolder()
    const rom = join(directory, 'probe.rom')
    await writeFile(rom, probeRom())
    const machine = ['-accel', 'tcg', '-machine', 'pc', '-nodefaults', '-no-user-config', '-display', 'none', '-m', '16', '-bios', rom]
    expect((await runTool(['qemu-system-x86_64', ...machine, '-device', probeDevice], { signal })).exitCode).toBe(probeExitCode)
  })
})

describe.skipIf(withoutUefi !== '')(`UEFI${withoutUefi}`, () => {
  beforeAll(() => void guest('efi'), makingMs)

  test('a TPM that does not start is told in the words of its emulator, and one that cannot beforehand', { timeout: 60_000 }, async () => {
    await expect(paused({}, '')).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringMatching(/^the TPM does not start: .*Error parsing tpmstate options/s) as unknown,
    })
    await expect(paused({}, '/no,where')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: "the TPM does not start: swtpm takes no path with a comma, '/no,where'",
    })
  })

  test.each([
    ['uefi', false, 'secure boot 0, TPM none'],
    ['uefi-secure', true, 'secure boot 1, TPM 2'],
  ] as const)('%s, with a TPM: %s: %s', { timeout: 200_000 }, async (firmware, tpm, expected) => {
    const vm = qemu({
      disk: { url: guest('efi'), checksum: 'none' },
      firmware,
      tpm,
      memory: '512m',
      communicator: 'none',
      shutdown: { timeout: '3m' },
      serialLog: 'serial.log',
      result: { format: 'qcow2', path: 'out/disk.qcow2', nvram: 'out/nvram.fd' },
    })
    const { report, events, directory } = await trial(defineImage({ name: 'uefi', builders: { vm } }))
    expect(report.builds[0]?.error).toBeUndefined()
    expect(events.of('message').filter(({ level }) => level === 'warning')).toEqual([])
    expect(await readFile(join(directory, 'serial.log'), 'utf8')).toContain(`initramfs: UEFI, ${expected}`)
    const artifact = report.builds[0]?.artifact as QemuDiskArtifact // what the builder makes
    expect(artifact.files.map(({ path }) => path)).toEqual([join(directory, 'out/disk.qcow2'), join(directory, 'out/nvram.fd')])
    const template = await findFirmware({ arch: 'x86_64', secureBoot: tpm })
    expect(artifact.nvram?.size).toBe((await stat(template.vars)).size)
  })
})
