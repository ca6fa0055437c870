import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

import type { Communicator } from '@imago/core'
import { isImagoError } from '@imago/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { output } from './bench.ts'
import type { TestMachine } from './machine.ts'
import { startTestMachine } from './machine.ts'

/** What the tests share: a machine, and a folder outside with a file `secret`. */
class EscapeBench {
  #test: TestMachine | undefined
  #machine: Communicator | undefined

  async open(): Promise<void> {
    this.#test = await startTestMachine()
    this.#machine = this.#test.connect()
    await mkdir(this.outside)
    await writeFile(join(this.outside, 'secret'), 'of the host')
  }

  async close(): Promise<void> {
    await this.#machine?.[Symbol.asyncDispose]()
    await this.#test?.[Symbol.asyncDispose]()
  }

  get folder(): string {
    return this.#test?.folder ?? ''
  }

  get outside(): string {
    return join(this.folder, 'outside')
  }

  get machine(): Communicator {
    if (this.#machine === undefined) throw new Error('the machine is not open')
    return this.#machine
  }

  /** Runs a command and answers with its standard output. */
  async run(command: string): Promise<string> {
    return (await output(this.machine, command)).stdout
  }

  /** Those of the commands that do not fail. */
  async succeeding(...commands: readonly string[]): Promise<string[]> {
    const succeeded: string[] = []
    for (const command of commands) if ((await output(this.machine, command)).exitCode === 0) succeeded.push(command)
    return succeeded
  }
}

/** Tries to get out of a root, in every way that is known here. */
export function escapeTests(): void {
  const bench = new EscapeBench()
  beforeAll(async () => await bench.open())
  afterAll(async () => await bench.close())
  describe('the host', () => {
    hostTests(bench)
  })
  describe('the kernel', () => {
    kernelTests(bench)
  })
  describe('transfers', () => {
    transferTests(bench)
  })
}

function hostTests(bench: EscapeBench): void {
  it('is not in any mount', async () => {
    const points = (await bench.run('cat /proc/self/mountinfo')).split('\n').flatMap((line) => line.split(' ')[4] ?? [])
    const known = /^\/(?:$|proc(?:$|\/)|dev(?:$|\/)|etc\/(?:resolv\.conf|hosts)$)/
    expect(points.filter((point) => !known.test(point))).toEqual([])
    expect(points).toContain('/')
  })

  it('is not behind the first process, nor any other', async () => {
    const secret = `${bench.outside}/secret`
    const succeeded = await bench.succeeding(
      `cat /proc/1/root${secret}`,
      'readlink /proc/1/root',
      'readlink /proc/1/exe',
      'readlink /proc/1/cwd',
      `for p in /proc/[0-9]*; do cat $p/root${secret} 2>/dev/null && exit 0; done; exit 1`,
      `cat /../../../../..${secret}`,
      `cat /dev/.old${secret}`,
    )
    expect(succeeded).toEqual([])
  })

  it('shows no processes of its own, and cannot be told to end one', async () => {
    expect(await bench.run('for p in /proc/[0-9]*/cmdline; do tr "\\0" " " <$p; echo; done')).not.toContain('vitest')
    await bench.run('kill -9 -1').catch(() => undefined) // the shell itself is one of its victims
    expect(await bench.run('echo on')).toBe('on\n')
  })

  it('keeps its name', async () => {
    expect(await bench.succeeding('echo intruder >/proc/sys/kernel/hostname')).toEqual([])
    expect(hostname()).not.toBe('intruder')
  })

  it('lends tools that cannot be changed', async () => {
    const tools = '/dev/.imago'
    expect(await bench.succeeding(`echo x >${tools}/setpriv`, `rm ${tools}/setpriv`, `mv ${tools} /dev/other`)).toEqual([])
  })
}

function kernelTests(bench: EscapeBench): void {
  it('keeps its settings', async () => {
    const before = await readFile('/proc/sys/kernel/panic', 'utf8')
    const commands = ['echo 77 >/proc/sys/kernel/panic', 'echo 77 >/proc/sys/vm/swappiness', 'echo h >/proc/sysrq-trigger']
    expect(await bench.succeeding(...commands)).toEqual([])
    expect(await readFile('/proc/sys/kernel/panic', 'utf8')).toBe(before)
  })

  it('mounts and unmounts nothing', async () => {
    const succeeded = await bench.succeeding(
      'mount -t tmpfs none /tmp',
      'mount -t proc none /tmp',
      'mount -t sysfs none /tmp',
      'mount --bind / /tmp',
      'mount -o remount,rw,bind /proc/sys',
      'umount /proc/sys',
      'umount -l /proc',
      'mount -o remount,rw,bind /dev/.imago',
    )
    expect(succeeded).toEqual([])
  })

  it('mounts nothing that tells more in namespaces of its own', async () => {
    const settings = 'mount -t proc none /tmp || mount -o remount,rw,bind /proc/sys || umount /proc/sys'
    const inside = 'unshare --user --map-root-user --mount'
    expect(await bench.succeeding(`${inside} sh -c '${settings}'`, `${inside} --pid --fork sh -c '${settings}'`)).toEqual([])
  })

  it('makes no devices, and shows no file systems of its own', async () => {
    const commands = ['mknod /tmp/disk b 254 0', 'mknod /tmp/mem c 1 1', 'echo x >/sys/kernel/uevent_helper', 'ls /sys/kernel']
    expect(await bench.succeeding(...commands)).toEqual([])
  })

  it('gives no capability that matters to the machine', async () => {
    const status = await bench.run('cat /proc/self/status')
    const bounding = BigInt(`0x${/^CapBnd:\s*(\w+)$/m.exec(status)?.[1]}`)
    const bits = { sysModule: 16n, sysRawio: 17n, sysPtrace: 19n, sysAdmin: 21n, sysBoot: 22n, mknod: 27n, macAdmin: 33n, bpf: 39n }
    expect(Object.entries(bits).filter(([, bit]) => ((bounding >> bit) & 1n) === 1n)).toEqual([])
    expect(bounding & 1n).toBe(1n) // chown
  })
}

function transferTests(bench: EscapeBench): void {
  it('follow absolute links inside the root', async () => {
    await bench.run(`ln -s ${bench.outside} /evil; mkdir -p /real; ln -s /real /link; ln -s /../../etc /up`)
    await bench.machine.upload({ content: 'inside' }, '/evil/new')
    await bench.machine.upload({ content: 'inside' }, '/link/file')
    await bench.machine.upload({ content: 'inside' }, '/up/file')
    expect(await readdir(bench.outside)).toEqual(['secret'])
    expect(await bench.run(`cat /real/file /etc/file ${bench.outside}/new`)).toBe('insideinsideinside')
  })

  it('bring nothing of the host', async () => {
    await bench.run(`ln -s ${bench.outside}/secret /secret`)
    const copied: unknown = await bench.machine.download('/secret', join(bench.folder, 'copy')).catch((reason: unknown) => reason)
    expect(isImagoError(copied, 'INPUT_MISSING')).toBe(true)
    expect(await bench.machine.stat('/secret')).toBeUndefined()
    expect(await bench.machine.stat(`/proc/1/root${bench.outside}/secret`)).toBeUndefined()
  })

  it('of directories follow links inside the root, too', async () => {
    const tree = join(bench.folder, 'tree')
    await mkdir(join(tree, 'evil'), { recursive: true })
    await writeFile(join(tree, 'evil', 'newer'), 'x')
    await symlink(bench.outside, join(tree, 'away'))
    await bench.run(`mkdir -p /target; ln -s ${bench.outside} /target/evil`)
    await bench.machine.upload({ path: tree }, '/target')
    expect(await readdir(bench.outside)).toEqual(['secret'])
    expect(await bench.run(`cat ${bench.outside}/newer`)).toBe('x')
  })
}
