import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { readdir, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo, Server } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { ErrorJson, Provisioner } from '@imago/core'
import { defineImage, secret } from '@imago/core'
import { waitForText } from '@imago/hypervisor'
import { shell } from '@imago/provisioner-shell'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { qemu } from '../src/index.ts'
import type { QemuOptions, ResultFormat } from '../src/index.ts'
import { guest, guestDisk, makingMs, processesOf, skipped, temporaryFolder, trial } from './guest.ts'
import type { Trial } from './guest.ts'

/** A machine that has nothing to start from. */
const empty = { diskSize: '1m', memory: '64m', result: { format: 'none' } } as const

/** A machine that goes off by itself. */
function poweringOff(): Pick<QemuOptions, 'communicator' | 'kernel' | 'memory'> {
  const commandLine = 'console=ttyS0 imago=poweroff quiet'
  return { communicator: 'none', memory: '256m', kernel: { image: guest('kernel'), initrd: guest('initrd'), commandLine } }
}

/** Makes a folder with little room, until the test is over. */
function smallFolder(path: string, size: string): void {
  mkdirSync(path, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
  // what a process that has just been killed had open may stay so for a moment
  onTestFinished(() => void execFileSync('umount', ['--lazy', path]))
}

/** Listens at the first free port of 127.0.0.1 from one on. */
async function listenFrom(first: number, server: Server): Promise<number> {
  for (let port = first; ; port++) {
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (isFree) return port
  }
}

async function failing<F extends ResultFormat>(
  options: QemuOptions<F>,
  provisioners: readonly Provisioner[] = [],
  directory?: string,
): Promise<Trial & { readonly error: ErrorJson }> {
  const image = defineImage({ name: 'failing', builders: { vm: qemu(options) }, provisioners })
  const made = await trial(image, directory === undefined ? {} : { directory })
  const error = made.report.builds[0]?.error
  if (error === undefined) throw new Error('the build succeeded')
  expect(made.events.unbalanced()).toEqual([])
  expect(made.report.left).toEqual([])
  expect(processesOf(made.report.runId)).toEqual([])
  return { ...made, error }
}

describe.skipIf(skipped !== '')(`what goes wrong before the machine runs${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  test('an option that QEMU refuses is told in its own words', { timeout: 100_000 }, async () => {
    const { error } = await failing({ ...empty, communicator: 'none', qemuArgs: ['-device', 'flux-capacitor'] })
    expect(error).toMatchObject({
      code: 'PROVIDER_FAILED',
      message: "QEMU does not start: -device flux-capacitor: 'flux-capacitor' is not a valid device model name",
    })
    expect(error.hint).toContain('qemuArgs')
  })

  test('an accelerator that is not there', { timeout: 100_000 }, async () => {
    const { error } = await failing({ ...empty, communicator: 'none', accelerator: 'hvf' })
    expect(error).toMatchObject({ code: 'PROVIDER_FAILED', message: expect.stringContaining('hvf') as unknown })
  })

  test('programs that are not installed', { timeout: 100_000 }, async () => {
    const system = await failing({ ...empty, accelerator: 'tcg', programs: { system: 'qemu-system-nowhere' } })
    expect(system.error).toMatchObject({ code: 'TOOL_MISSING', message: "there is no program 'qemu-system-nowhere' on this machine" })
    expect(system.error.hint).toContain('apt-get install qemu-system-x86')
    const img = await failing({ ...empty, programs: { img: '/nowhere/qemu-img' } })
    expect(img.error).toMatchObject({ code: 'TOOL_MISSING', message: "there is no program '/nowhere/qemu-img' on this machine" })
  })

  test('what is missing is known before anything starts', async () => {
    const preflight = async (options: Partial<QemuOptions>): Promise<unknown> =>
      await qemu({ ...empty, ...options } as QemuOptions<'none'>).preflight?.({ directory: '/', signal: new AbortController().signal }) // nothing contradicts
    expect(await preflight({})).toEqual([])
    expect(await preflight({ programs: { system: '/nowhere/qemu', img: '/nowhere/qemu-img' } })).toMatchObject([
      { path: ['programs', 'system'], message: "there is no program '/nowhere/qemu' on this machine" },
      { path: ['programs', 'img'], message: "there is no program '/nowhere/qemu-img' on this machine" },
    ])
    const [system, img] = ['/usr/bin/qemu-system-x86_64', '/usr/bin/qemu-img'] // where Debian has them
    vi.stubEnv('PATH', '/nowhere')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await preflight({ programs: { system, img }, tpm: true })).toMatchObject([
      {
        path: ['tpm'],
        message: "there is no program 'swtpm' on this machine",
        hint: expect.stringContaining('apt-get install swtpm') as unknown,
      },
    ])
  })

  test('a port that is taken', { timeout: 100_000 }, async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((listening) => server.once('listening', listening))
    const { port } = server.address() as AddressInfo // of a TCP server that listens
    const { error } = await failing({ ...empty, communicator: 'none', forwards: [{ guest: 80, host: port }] })
    expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', message: expect.stringContaining(`tcp:127.0.0.1:${port}-:80`) as unknown })
    expect(error.hint).toContain('another program listens at that port')
    const vnc = createServer()
    onTestFinished(() => void vnc.close())
    const vncPort = await listenFrom(5900, vnc)
    const screen = await failing({ ...empty, communicator: 'none', vnc: { port: vncPort } })
    expect(screen.error).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('Address already in use') as unknown,
    })
    const files = await failing({ ...empty, communicator: 'none', http: { content: { x: 'y' }, ports: [port, port] } })
    expect(files.error).toMatchObject({ code: 'NETWORK', message: `port ${port} of 127.0.0.1 is taken` })
  })

  test('a disk image whose checksum is wrong, that is none, or that does not fit', { timeout: 100_000 }, async () => {
    const directory = await temporaryFolder()
    const path = join(directory, 'disk.qcow2')
    await writeFile(path, 'QFI\u00FB, but no more')
    const wrong = await failing({ disk: { url: path, checksum: `sha256:${'0'.repeat(64)}` }, result: { format: 'none' } })
    expect(wrong.error.code).toBe('CHECKSUM_MISMATCH')
    const broken = await failing({ disk: { url: '/nowhere.qcow2', checksum: 'none' }, result: { format: 'none' } }).catch(
      (error: unknown) => error,
    )
    expect(broken).toMatchObject({ code: 'DEFINITION_INVALID' }) // nothing is started for it
    const small = await failing({ disk: guestDisk().disk, diskSize: '1m', result: { format: 'none' } })
    expect(small.error).toMatchObject({
      code: 'DEFINITION_INVALID',
      message: expect.stringContaining('diskSize is 1048576 bytes, and the disk image to start from has') as unknown,
    })
  })

  test('no room for the result', { timeout: 100_000 }, async () => {
    const directory = await temporaryFolder()
    smallFolder(join(directory, 'out'), '600k')
    const options = { ...empty, ...poweringOff(), result: { format: 'raw', path: 'out/disk.raw', sparse: false } } as const
    const { error } = await failing(options, [], directory)
    expect(error).toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/^cannot write the disk image '\S+': no space left on the disk$/) as unknown,
    })
    expect(await readdir(join(directory, 'out'))).toEqual([])
  })
})

describe.skipIf(skipped !== '')(`what goes wrong while the machine runs${skipped}`, () => {
  beforeAll(() => void guestDisk(), makingMs)

  test('a guest that powers off in the middle of a step', { timeout: 200_000 }, async () => {
    const { disk, key } = guestDisk()
    const began = performance.now()
    const { error, events } = await failing({ disk, ssh: { key }, result: { format: 'none' } }, [
      shell({ inline: ['echo off >/dev/console; poweroff; sleep 1000'] }),
    ])
    expect(error).toMatchObject({
      code: 'MACHINE_LOST',
      message: expect.stringMatching(/^the machine imago-\S+-failing-vm went off by itself in the middle of the build$/) as unknown,
    })
    expect(events.steps('vm').at(-1)).toMatchObject({ step: { id: 'provisioners[0]' }, status: 'failed' })
    expect(performance.now() - began).toBeLessThan(150_000)
  })

  test('a machine that is killed from outside; the log of its serial port is kept', { timeout: 200_000 }, async () => {
    const { disk, key } = guestDisk()
    const kill: Provisioner = {
      kind: 'provisioner',
      type: 'kill',
      options: {},
      async provision({ machine, runId }) {
        const running = machine.exec('sleep 1000')
        for (const pid of processesOf(runId)) process.kill(Number(pid), 'SIGKILL')
        await running
      },
    }
    const { error, directory } = await failing({ disk, ssh: { key }, result: { format: 'qcow2', path: 'out/x.qcow2' } }, [kill])
    expect(error).toMatchObject({ code: 'MACHINE_LOST', message: expect.stringContaining('it was killed by SIGKILL') as unknown })
    expect(await readdir(join(directory, 'out'))).toEqual(['x-failed.log'])
    expect(error.hint).toContain(`look at ${join(directory, 'out/x-failed.log')}`)
    expect((await stat(join(directory, 'out/x-failed.log'))).size).toBeGreaterThan(0)
  })

  test('a machine whose disk finds no more room on this one', { timeout: 200_000 }, async () => {
    const { disk, key } = guestDisk()
    const directory = await temporaryFolder()
    smallFolder(join(directory, '.imago/work'), '8m')
    const fill = shell({ inline: ['dd if=/dev/urandom of=/root/fill bs=1M count=64 conv=fsync'] })
    const { error } = await failing({ disk, ssh: { key }, result: { format: 'none' } }, [fill], directory)
    expect(error).toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining('no space is left on this machine for the disks of imago-') as unknown,
    })
  })

  test('a login that is refused, and a guest that never answers', { timeout: 200_000 }, async () => {
    const { disk } = guestDisk()
    const refused = await failing({ disk, ssh: { user: 'imago', password: 'wrong', loginAttempts: 1 }, result: { format: 'none' } })
    expect(refused.error.code).toBe('AUTHENTICATION_FAILED')
    const silent = await failing({ ...empty, ssh: { timeout: '3s' } })
    expect(silent.error).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(
        /^no SSH connection to root@127\.0\.0\.1:\d+ after 3\.0s: the connection (?:is accepted, and no SSH banner is received$|breaks|is closed)/,
      ) as unknown,
    })
    expect(silent.error.hint).toMatch(/look at \S+vm-failed\.png/)
    expect(await readdir(silent.directory)).toContain('vm-failed.png')
  })

  test.each(['builder.boot', 'builder.connect'])('a build that is cancelled in %s ends at once', { timeout: 100_000 }, async (id) => {
    const abort = new AbortController()
    const vm = qemu({ ...empty, boot: { command: id === 'builder.boot' ? [waitForText('never')] : '', wait: 0 } })
    const { report, events } = await trial(defineImage({ name: 'cancelled', builders: { vm } }), {
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'step-started' && event.step.id === id) setTimeout(() => abort.abort(), 300)
      },
    })
    expect([report.status, report.left, events.unbalanced(), processesOf(report.runId)]).toEqual(['cancelled', [], [], []])
    expect(report.durationMs).toBeLessThan(20_000)
  })

  test.each(['builder.boot', 'builder.connect'])('a machine that is killed from outside in %s', { timeout: 100_000 }, async (id) => {
    const vm = qemu({ ...empty, boot: { command: id === 'builder.boot' ? [waitForText('never')] : '', wait: 0 } })
    const { report, events } = await trial(defineImage({ name: 'killed', builders: { vm } }), {
      onEvent: (event) => {
        if (event.type !== 'step-started' || event.step.id !== id) return
        for (const pid of processesOf(event.runId)) process.kill(Number(pid), 'SIGKILL')
      },
    })
    expect(report.builds[0]?.error).toMatchObject({
      code: 'MACHINE_LOST',
      message: expect.stringContaining('it was killed by SIGKILL') as unknown,
    })
    expect([report.left, events.unbalanced(), processesOf(report.runId)]).toEqual([[], [], []])
  })

  test('a machine that does not go off has its plug pulled, and that is said', { timeout: 100_000 }, async () => {
    const vm = qemu({ ...empty, communicator: 'none', vnc: { password: secret('hush') }, shutdown: { timeout: '300ms' } })
    const { report, events } = await trial(defineImage({ name: 'hanging', builders: { vm } }))
    expect(report.builds[0]?.error).toBeUndefined()
    expect(events.of('message').map(({ level, text }) => `${level}: ${text}`)).toEqual([
      expect.stringContaining('accelerator: '),
      expect.stringMatching(/^info: the screen can be seen with VNC at 127\.0\.0\.1:59\d\d$/),
      expect.stringMatching(/^warning: the machine was not off 300ms after it was asked to: pulled the plug; /),
    ])
    expect(processesOf(report.runId)).toEqual([])
  })

  test('what is left in the temporary folder: nothing', async () => {
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('imago-qemu-') && !name.startsWith('imago-qemu-test-'))).toEqual([])
  })
})
