import { chmod, mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { provisionContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { sshCommunicator } from '../src/ssh-communicator.ts'
import { rejection, say } from './outcome.ts'
import type { Account, Sshd } from './sshd.ts'
import { lacksSshd, makeAccount, rootOf, skipped, startSshd } from './sshd.ts'
import { startProxy } from './tcp-proxy.ts'

/** A login shell that is no POSIX shell, as far as anybody can see: it knows no `sh`. */
const oddShell = `#!/bin/sh
case $2 in sh) echo "what is $2?"; exit 1 ;; esac
exec /bin/sh -c "$2"
`

describe.skipIf(lacksSshd)(`machines that lack something${skipped}`, () => {
  let account: Account
  let sshd: Sshd
  beforeAll(async () => {
    account = await makeAccount()
    sshd = await startSshd(['AcceptEnv WORD'])
    await writeFile(join(sshd.folder, 'shell'), oddShell)
    await chmod(join(sshd.folder, 'shell'), 0o755)
    execFileSync('usermod', ['--shell', join(sshd.folder, 'shell'), account.name])
  })
  afterAll(async () => {
    await sshd.stop()
    await account.remove()
  })

  test('no POSIX shell: one channel a command', async () => {
    await using machine = await sshCommunicator({ ...rootOf(sshd), user: account.name }, provisionContext())
    expect(await say(machine, 'echo there; exit 3')).toBe('there')
    expect(await machine.exec('exit 3')).toEqual({ exitCode: 3 })
    expect(await machine.exec(['sh', '-c', 'kill -9 $$'])).toEqual({ exitCode: 137 })
    const seen: string[] = []
    const options = {
      stdin: 'in',
      env: { WORD: 'a word' },
      onOutput: (_: string, chunk: Uint8Array) => seen.push(Buffer.from(chunk).toString()),
    }
    await machine.exec('cat; echo "$WORD"', options)
    expect(seen.join('')).toBe('ina word\n')
    const pids: string[] = []
    const sleeping = machine.exec('echo $$; sleep 60', {
      signal: AbortSignal.timeout(200),
      onOutput: (_, chunk) => pids.push(Buffer.from(chunk).toString().trim()),
    })
    expect(await rejection(sleeping)).toMatchObject({ code: 'TIMEOUT' })
    await expect.poll(async () => (await machine.exec(`kill -0 ${pids.join('')} 2>/dev/null`)).exitCode).not.toBe(0)
    expect(await rejection(machine.exec('pwd', { cwd: '/' }))).toMatchObject({ code: 'UNSUPPORTED' })
    await machine.upload({ content: 'x' }, join(account.home, 'a/file'), { mode: 0o600 })
    expect((await stat(join(account.home, 'a/file'))).mode & 0o777).toBe(0o600)
    expect(await machine.stat(join(account.home, 'a/file'))).toEqual({ kind: 'file', size: 1 })
    expect(await rejection(machine.restart?.() ?? Promise.resolve())).toMatchObject({ code: 'UNSUPPORTED' })
  })
  test('nothing but SFTP', async () => {
    const only = await startSshd(['ForceCommand internal-sftp'])
    try {
      await using machine = await sshCommunicator(rootOf(only), provisionContext())
      const tree = join(only.folder, 'tree')
      await mkdir(join(tree, 'sub'), { recursive: true })
      await writeFile(join(tree, 'sub/file'), 'x')
      await symlink('sub/file', join(tree, 'link'))
      await machine.upload({ path: tree }, join(only.folder, 'there'))
      await machine.download(join(only.folder, 'there'), join(only.folder, 'back'))
      expect(await readFile(join(only.folder, 'back/sub/file'), 'utf8')).toBe('x')
      expect(await readlink(join(only.folder, 'back/link'))).toBe('sub/file')
      expect(await machine.stat(join(only.folder, 'back/none'))).toBeUndefined()
    } finally {
      await only.stop()
    }
  })
  test('no tar: over SFTP, and an error where tar is asked for', async () => {
    const bare = await startSshd(['SetEnv PATH=%FOLDER%/bin HOME=%FOLDER%'])
    try {
      await mkdir(join(bare.folder, 'bin'))
      for (const name of ['sh', 'id', 'mkdir', 'chmod', 'mv', 'ls']) await symlink(`/bin/${name}`, join(bare.folder, 'bin', name))
      await using machine = await sshCommunicator(rootOf(bare), provisionContext())
      const bytes = Buffer.alloc(300_000, 7)
      await machine.upload({ content: bytes }, join(bare.folder, 'big'))
      expect((await readFile(join(bare.folder, 'big'))).equals(bytes)).toBe(true)
      await using tar = await sshCommunicator({ ...rootOf(bare), transfer: 'tar' }, provisionContext())
      expect(await rejection(tar.upload({ content: bytes }, '/tmp/x'))).toMatchObject({ code: 'TOOL_MISSING' })
    } finally {
      await bare.stop()
    }
  })
  test('no right to write: the machine’s own words', async () => {
    execFileSync('usermod', ['--shell', '/bin/sh', account.name])
    for (const size of [10, 100_000]) {
      await using machine = await sshCommunicator({ ...rootOf(sshd), user: account.name }, provisionContext())
      const error = await rejection(machine.upload({ content: Buffer.alloc(size) }, '/root/not-mine'))
      expect(error).toMatchObject({ code: 'TRANSFER_FAILED' })
      expect(error.message).toMatch(/^cannot upload to '\/root\/not-mine': .*(ermission denied|can't cd)/)
      const owner = await rejection(machine.upload({ content: Buffer.alloc(size) }, `${account.home}/x`, { owner: 'root:root' }))
      expect(owner.message).toContain("only root can give files to 'root:root'")
    }
  })
  test('compression, where it is asked for', async () => {
    const bytes = Buffer.alloc(5 << 20, 'compressible ')
    const proxy = await startProxy(sshd.port)
    const sent = async (compression: boolean): Promise<number> => {
      const before = proxy.sent
      await using machine = await sshCommunicator({ ...rootOf(sshd), port: proxy.port, compression }, provisionContext())
      await machine.upload({ content: bytes }, join(sshd.folder, 'zipped'))
      expect((await readFile(join(sshd.folder, 'zipped'))).equals(bytes)).toBe(true)
      return proxy.sent - before
    }
    try {
      expect(await sent(false)).toBeGreaterThan(bytes.length)
      expect(await sent(true)).toBeLessThan(bytes.length / 10)
    } finally {
      await proxy.stop()
    }
  })
})
