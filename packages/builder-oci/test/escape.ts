import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

import type { Communicator } from '@imago/core'
import { isImagoError } from '@imago/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { output } from './bench.ts'
import type { TestMachine } from './machine.ts'
import { startTestMachine } from './machine.ts'

/** Tries to get out of a root, in every way that is known here. */
export function escapeTests(): void {
  let test: TestMachine
  let machine: Communicator
  let outside: string

  beforeAll(async () => {
    test = await startTestMachine()
    machine = test.connect()
    outside = join(test.folder, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, 'secret'), 'of the host')
  })
  afterAll(async () => {
    await machine[Symbol.asyncDispose]()
    await test[Symbol.asyncDispose]()
  })

  const fails = async (command: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await output(machine, command)
    expect(exitCode, `'${command}' succeeded: ${stdout}`).not.toBe(0)
    return stderr
  }

  describe('the host', () => {
    it('is not in any mount', async () => {
      const { stdout } = await output(machine, 'cat /proc/self/mountinfo')
      const points = stdout.split('\n').flatMap((line) => line.split(' ')[4] ?? [])
      const known = /^\/(?:$|proc(?:$|\/)|dev(?:$|\/)|etc\/(?:resolv\.conf|hosts)$)/
      expect(points.filter((point) => !known.test(point))).toEqual([])
    })

    it('is not behind the first process, nor any other', async () => {
      await fails(`cat /proc/1/root${outside}/secret`)
      await fails('readlink /proc/1/root')
      await fails('readlink /proc/1/exe')
      await fails('readlink /proc/1/cwd')
      await fails(`for p in /proc/[0-9]*; do cat $p/root${outside}/secret 2>/dev/null && exit 0; done; exit 1`)
      await fails(`cat /../../../../..${outside}/secret`)
      await fails(`cat /dev/.old${outside}/secret`)
    })

    it('shows no processes of its own, and cannot be told to end one', async () => {
      const { stdout } = await output(machine, 'for p in /proc/[0-9]*/cmdline; do tr "\\0" " " <$p; echo; done')
      expect(stdout).not.toContain('vitest')
      await fails(`kill -9 ${process.pid + 100_000}`)
      await output(machine, 'kill -9 -1').catch(() => undefined) // the shell itself is one of its victims
      expect((await output(machine, 'echo on')).stdout).toBe('on\n')
    })

    it('keeps its name', async () => {
      await fails('echo intruder >/proc/sys/kernel/hostname')
      expect(hostname()).not.toBe('intruder')
    })
  })

  describe('the kernel', () => {
    it('keeps its settings', async () => {
      const before = await readFile('/proc/sys/kernel/panic', 'utf8')
      await fails('echo 77 >/proc/sys/kernel/panic')
      await fails('echo 77 >/proc/sys/vm/swappiness')
      await fails('echo h >/proc/sysrq-trigger')
      expect(await readFile('/proc/sys/kernel/panic', 'utf8')).toBe(before)
    })

    it('mounts and unmounts nothing', async () => {
      for (const command of [
        'mount -t tmpfs none /tmp',
        'mount -t proc none /tmp',
        'mount -t sysfs none /tmp',
        'mount --bind / /tmp',
        'mount -o remount,rw,bind /proc/sys',
        'umount /proc/sys',
        'umount -l /proc',
        'mount -o remount,rw,bind /dev/.imago',
      ])
        await fails(command)
    })

    it('mounts nothing that tells more in namespaces of its own', async () => {
      const settings = 'mount -t proc none /tmp || mount -o remount,rw,bind /proc/sys || umount /proc/sys'
      await fails(`unshare --user --map-root-user --mount sh -c '${settings}'`)
      await fails(`unshare --user --map-root-user --mount --pid --fork sh -c '${settings}'`)
    })

    it('makes no devices', async () => {
      await fails('mknod /tmp/disk b 254 0')
      await fails('mknod /tmp/mem c 1 1')
    })

    it('has no file systems of its own to write to', async () => {
      await fails('echo x >/sys/kernel/uevent_helper')
      await fails('ls /sys/kernel')
    })
  })

  it('has tools that it cannot change', async () => {
    await fails('echo x >/dev/.imago/setpriv')
    await fails('rm /dev/.imago/setpriv')
    await fails('mv /dev/.imago /dev/other')
  })

  it('may give up to no capability that matters to the machine', async () => {
    const { stdout } = await output(machine, 'cat /proc/self/status')
    const bounding = BigInt(`0x${/^CapBnd:\s*(\w+)$/m.exec(stdout)?.[1]}`)
    const bits = { sysModule: 16n, sysRawio: 17n, sysPtrace: 19n, sysAdmin: 21n, sysBoot: 22n, mknod: 27n, macAdmin: 33n, bpf: 39n }
    for (const [name, bit] of Object.entries(bits)) expect((bounding >> bit) & 1n, name).toBe(0n)
  })

  describe('transfers', () => {
    it('follow absolute links inside the root', async () => {
      await output(machine, `ln -s ${outside} /evil; mkdir -p /real; ln -s /real /link; ln -s /../../etc /up`)
      await machine.upload({ content: 'inside' }, '/evil/new').catch(() => undefined)
      await machine.upload({ content: 'inside' }, '/link/file')
      await machine.upload({ content: 'inside' }, '/up/file')
      expect(await readdir(outside)).toEqual(['secret'])
      expect((await output(machine, 'cat /real/file /etc/file')).stdout).toBe('insideinside')
    })

    it('bring nothing of the host', async () => {
      await output(machine, `ln -s ${outside}/secret /secret`)
      const error: unknown = await machine.download('/secret', join(test.folder, 'copy')).catch((reason: unknown) => reason)
      expect(isImagoError(error, 'INPUT_MISSING')).toBe(true)
      expect(await machine.stat('/secret')).toBeUndefined()
      expect(await machine.stat(`/proc/1/root${outside}`)).toBeUndefined()
    })

    it('of directories follow links inside the root, too', async () => {
      const tree = join(test.folder, 'tree')
      await mkdir(join(tree, 'evil'), { recursive: true })
      await writeFile(join(tree, 'evil', 'new'), 'x')
      await symlink(outside, join(tree, 'away'))
      await output(machine, `mkdir -p /target; ln -s ${outside} /target/evil`)
      await machine.upload({ path: tree }, '/target').catch(() => undefined)
      expect(await readdir(outside)).toEqual(['secret'])
    })

    it('cannot be led astray by moving directories meanwhile', async () => {
      const swap = `mkdir -p /race/d; ln -s ${outside} /race/l
        (while [ ! -e /race/stop ]; do mv /race/d /race/x; mv /race/l /race/d; mv /race/d /race/l; mv /race/x /race/d; done) >/dev/null 2>&1 &`
      await output(machine, swap)
      for (let index = 0; index < 200; index++) await machine.upload({ content: 'x' }, `/race/d/${index}`).catch(() => undefined)
      await output(machine, 'touch /race/stop')
      expect(await readdir(outside)).toEqual(['secret'])
    })
  })
}
