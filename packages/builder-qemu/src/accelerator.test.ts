import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { AcceleratorProbe } from './accelerator.ts'
import { chooseAccelerator } from './accelerator.ts'
import { probeRom } from './probe-rom.ts'

/** A machine with Linux and a device for KVM, whose QEMU is a script: `probe` is what it does with the probe's ROM. */
async function host(
  probe: string,
  overrides: Partial<AcceleratorProbe> = {},
): Promise<AcceleratorProbe & { readonly calls: () => Promise<number> }> {
  const directory = await mkdtemp(join(tmpdir(), 'imago-accelerator-'))
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }))
  const program = join(directory, 'qemu')
  const calls = join(directory, 'calls')
  const device = join(directory, 'kvm')
  await writeFile(
    program,
    `#!/bin/sh\n[ "$2" = help ] && { echo 'Accelerators:'; echo tcg; echo kvm; echo ${overrides.platform === 'darwin' ? 'hvf' : ''}; exit; }\necho x >>'${calls}'\n${probe}\n`,
  )
  await chmod(program, 0o755)
  await writeFile(calls, '')
  await writeFile(device, '')
  return {
    program,
    arch: 'x86_64',
    directory,
    signal: new AbortController().signal,
    platform: 'linux',
    hostArch: 'x64',
    device,
    cacheFile: join(directory, 'cache', 'accelerators.json'),
    ...overrides,
    calls: async () => (await readFile(calls, 'utf8')).length / 2,
  }
}

test('KVM that runs the probe to its end is taken, and the outcome is kept for the next build', async () => {
  const probe = await host('exit 85')
  expect(await chooseAccelerator(probe)).toEqual({ accelerator: 'kvm' })
  expect(await Promise.all([chooseAccelerator(probe), chooseAccelerator(probe)])).toEqual([{ accelerator: 'kvm' }, { accelerator: 'kvm' }])
  expect(await probe.calls()).toBe(1)
})

test('builds that start together probe once', async () => {
  const probe = await host('exit 85')
  await Promise.all([chooseAccelerator(probe), chooseAccelerator(probe), chooseAccelerator(probe)])
  expect(await probe.calls()).toBe(1)
})

test('KVM that comes to no end is left within three seconds', async () => {
  const probe = await host('exec sleep 60')
  const began = performance.now()
  expect(await chooseAccelerator(probe)).toEqual({
    accelerator: 'tcg',
    because: 'kvm is there, but does not run a guest: it came to no end within 2.5 s',
  })
  expect(performance.now() - began).toBeLessThan(8000) // 3 s, on a machine that does nothing else
})

test('KVM that fails is left with its own words', async () => {
  const probe = await host('echo "failed to initialize kvm: Operation not permitted" >&2; exit 1')
  expect(await chooseAccelerator(probe)).toEqual({
    accelerator: 'tcg',
    because: 'kvm does not run a guest: failed to initialize kvm: Operation not permitted',
  })
})

test('a cache that cannot be written or read is done without', async () => {
  const probe = await host('exit 85', { cacheFile: '/dev/null/x' })
  expect(await chooseAccelerator(probe)).toEqual({ accelerator: 'kvm' })
  expect(await chooseAccelerator(probe)).toEqual({ accelerator: 'kvm' })
  expect(await probe.calls()).toBe(2)
})

test('what is known beforehand is not tried', async () => {
  const missing = await host('exit 85', { device: '/nowhere/kvm' })
  expect(await chooseAccelerator(missing)).toEqual({ accelerator: 'tcg', because: 'there is no /nowhere/kvm' })
  const other = await host('exit 85', { hostArch: 'arm64' })
  expect(await chooseAccelerator(other)).toEqual({ accelerator: 'tcg', because: 'this machine is aarch64, not x86_64' })
  const windows = await host('exit 85', { platform: 'win32' })
  expect(await chooseAccelerator(windows)).toEqual({ accelerator: 'tcg' })
  const signal = AbortSignal.abort()
  await expect(chooseAccelerator(await host('exit 85', { signal }))).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('on macOS it is hvf, where QEMU knows it and it runs the probe; nobody asks for a device of Linux', async () => {
  const runsOnlyIn = (accelerator: string): string => `case "$*" in "-accel ${accelerator} "*) exit 85 ;; esac; echo "not $*" >&2; exit 1`
  const mac = { platform: 'darwin', device: '/nowhere/kvm' } as const
  const intel = await host(runsOnlyIn('hvf'), mac)
  expect(await chooseAccelerator(intel)).toEqual({ accelerator: 'hvf' })
  expect(await intel.calls()).toBe(1)
  const refusing = await host(runsOnlyIn('kvm'), mac)
  expect(await chooseAccelerator(refusing)).toMatchObject({
    accelerator: 'tcg',
    because: expect.stringMatching(/^hvf does not run a guest: not -accel hvf /),
  })
  const apple = await host('exit 1', { ...mac, arch: 'aarch64', hostArch: 'arm64' })
  expect(await chooseAccelerator(apple)).toEqual({ accelerator: 'hvf' })
  const other = await host('exit 85', { ...mac, hostArch: 'arm64' })
  expect(await chooseAccelerator(other)).toEqual({ accelerator: 'tcg', because: 'this machine is aarch64, not x86_64' })
  const without = await host(`exit 85`, mac)
  await writeFile(without.program, "#!/bin/sh\necho 'Accelerators:'\necho tcg\n")
  expect(await chooseAccelerator(without)).toEqual({ accelerator: 'tcg', because: `${without.program} does not know hvf` })
})

test('the probe is a BIOS: 64 KiB, with a jump where the processor begins', () => {
  const rom = Buffer.from(probeRom())
  expect(rom.length).toBe(65_536)
  expect(rom.subarray(0xfff0, 0xfff5).toString('hex')).toBe('ea000000f0')
  expect(rom.readUInt32LE(25)).toBe(30_000_000)
})
