import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { shell } from '@imago/provisioner-shell'
import { provisionContext } from '@imago/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { sshCommunicator } from '../src/ssh-communicator.ts'
import { rejection, say } from './outcome.ts'
import type { Sshd } from './sshd.ts'
import { lacksSshd, rootOf, skipped, startSshd } from './sshd.ts'
import type { TcpProxy } from './tcp-proxy.ts'
import { startProxy } from './tcp-proxy.ts'

/** That a connection has ended is noticed a moment later than the next one comes. */
const twoAndOneEnding = 3

describe.skipIf(lacksSshd)(`a connection that breaks${skipped}`, () => {
  let sshd: Sshd
  let folder: string
  let proxy: TcpProxy | undefined
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(async () => await sshd.stop())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-breaking-'))
  })
  afterEach(async () => {
    await proxy?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('in the middle of a transfer: an error, nothing half done, and the next one goes', async () => {
    const dropAt = { bytes: 5 << 20 }
    proxy = await startProxy(sshd.port, (each) => (each.sent > dropAt.bytes ? each.drop() : undefined))
    await writeFile(join(folder, 'big'), Buffer.alloc(64 << 20, 'no holes '))
    for (const transfer of ['tar', 'sftp'] as const) {
      dropAt.bytes = proxy.sent + (5 << 20)
      await using machine = await sshCommunicator({ ...rootOf(sshd), port: proxy.port, transfer }, provisionContext())
      const error = await rejection(machine.upload({ path: join(folder, 'big') }, join(folder, transfer, 'big')))
      expect(error).toMatchObject({ code: 'DISCONNECTED' })
      expect(error.message).toMatch(/^the connection to root@127\.0\.0\.1:\d+ broke: /)
      dropAt.bytes = Number.POSITIVE_INFINITY
      await machine.upload({ content: 'x' }, join(folder, transfer, 'small'))
      await expect
        .poll(async () => (await readdir(join(folder, transfer))).filter((name) => !name.startsWith('.imago') || transfer === 'tar'))
        .toEqual(['small'])
      const download = rejection(
        machine.download(join(folder, 'big'), join(folder, `${transfer}-here`), { onProgress: () => proxy?.drop() }),
      )
      expect(await download).toMatchObject({ code: 'DISCONNECTED' })
      expect(await readdir(folder)).not.toContain(`${transfer}-here`)
    }
  })
  test.each(['tar', 'sftp'] as const)('a cancel in the middle of a transfer, by %s: nothing half done, here or there', async (transfer) => {
    await using machine = await sshCommunicator({ ...rootOf(sshd), transfer }, provisionContext())
    await writeFile(join(folder, 'big'), Buffer.alloc(64 << 20, 'no holes '))
    const cancelling = (): { readonly signal: AbortSignal; readonly onProgress: () => void } => {
      const abort = new AbortController()
      return { signal: abort.signal, onProgress: () => abort.abort() }
    }
    const uploading = machine.upload({ path: join(folder, 'big') }, join(folder, 'there', 'big'), cancelling())
    expect(await rejection(uploading)).toMatchObject({ code: 'CANCELLED' })
    await expect.poll(async () => await readdir(join(folder, 'there'))).toEqual([])
    const downloading = machine.download(join(folder, 'big'), join(folder, 'here', 'big'), cancelling())
    expect(await rejection(downloading)).toMatchObject({ code: 'CANCELLED' })
    expect(await readdir(join(folder, 'here')).catch(() => [])).toEqual([])
    expect(await say(machine, 'echo there')).toBe('there')
  })
  test('in the middle of a command, and with expectDisconnect', async () => {
    proxy = await startProxy(sshd.port)
    await using machine = await sshCommunicator({ ...rootOf(sshd), port: proxy.port }, provisionContext())
    const dropping = { onOutput: () => proxy?.drop() }
    expect(await rejection(machine.exec('echo; sleep 60', dropping))).toMatchObject({ code: 'DISCONNECTED' })
    expect(await rejection(machine.exec('cat; sleep 60', { stdin: Buffer.from([0]), ...dropping }))).toMatchObject({ code: 'DISCONNECTED' })
    const context = provisionContext({ machine })
    const killed = shell({ inline: ['kill -9 $PPID'], expectDisconnect: true }).provision(context)
    await killed
    expect(await say(machine, 'echo again')).toBe('again')
  })
  test('for good: the machine is lost, and the last cause is told', async () => {
    proxy = await startProxy(sshd.port)
    await using machine = await sshCommunicator({ ...rootOf(sshd), port: proxy.port, timeout: '2s' }, provisionContext())
    const { port } = proxy
    await proxy.stop()
    proxy = undefined
    const error = await rejection(machine.exec('true'))
    expect(['DISCONNECTED', 'MACHINE_LOST']).toContain(error.code)
    const lost = error.code === 'MACHINE_LOST' ? error : await rejection(machine.exec('true'))
    expect(lost.message).toBe(`no SSH connection to root@127.0.0.1:${port} after 2.0s: 127.0.0.1:${port}: connection refused`)
  })
  test('without a word: noticed by the missing signs of life', async () => {
    proxy = await startProxy(sshd.port)
    const options = { ...rootOf(sshd), port: proxy.port } as const
    for (const patience of [{ keepAlive: { interval: '50ms', count: 2 } }, { keepAlive: false, readWriteTimeout: '150ms' }] as const) {
      await using machine = await sshCommunicator({ ...options, ...patience }, provisionContext())
      const pid = await say(machine, 'echo $PPID')
      execFileSync('kill', ['-STOP', pid])
      expect((await rejection(machine.exec('sleep 60'))).message).toMatch(/ broke: (keepalive timeout|nothing came for 0\.15 s)$/)
      execFileSync('kill', ['-KILL', pid])
    }
  })
  test('a server that accepts and says nothing', async () => {
    proxy = await startProxy(sshd.port)
    proxy.silent = true
    const options = { ...rootOf(sshd), port: proxy.port, timeout: '1700ms' } as const
    const error = await rejection(sshCommunicator(options, provisionContext()))
    expect(error.message).toContain('the connection is accepted, and no SSH banner is received')
    expect(proxy.connections).toBeLessThanOrEqual(4)
    expect(proxy.mostAtOnce).toBeLessThanOrEqual(twoAndOneEnding)
  })
  test('a machine whose network takes connections seconds before it starts: reached half a second after that, with two at a time', async () => {
    const guest = await startProxy(sshd.port)
    proxy = guest
    guest.silent = true
    const startMs = 2300
    setTimeout(() => (guest.silent = false), startMs)
    const began = performance.now()
    await using machine = await sshCommunicator({ ...rootOf(sshd), port: guest.port, timeout: '30s' }, provisionContext())
    const lateMs = performance.now() - began - startMs
    expect(await say(machine, 'echo there')).toBe('there')
    expect(lateMs).toBeLessThan(2000) // the rest is the login, on a slow machine
    expect(guest.connections).toBeLessThanOrEqual(Math.ceil((startMs + lateMs) / 500) + 1)
    expect(guest.mostAtOnce).toBeLessThanOrEqual(twoAndOneEnding)
  })
  test('a server that takes seconds for its first words', async () => {
    proxy = await startProxy(sshd.port)
    proxy.delayMs = 1800
    await using machine = await sshCommunicator({ ...rootOf(sshd), port: proxy.port, timeout: '30s' }, provisionContext())
    expect(await say(machine, 'echo there')).toBe('there')
    expect(proxy.mostAtOnce).toBeLessThanOrEqual(twoAndOneEnding)
  })
  test('a cancel, before it connects', async () => {
    proxy = await startProxy(sshd.port)
    const abort = new AbortController()
    const options = { ...rootOf(sshd), port: proxy.port, pauseBeforeConnecting: '10m' } as const
    const connecting = rejection(sshCommunicator(options, provisionContext({ signal: abort.signal })))
    setTimeout(() => abort.abort(), 50)
    expect(await connecting).toMatchObject({ code: 'CANCELLED' })
    expect(proxy.connections).toBe(0)
  })
  test('a cancel, while it waits for the machine to come back', async () => {
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    const abort = new AbortController()
    const command = `touch ${join(folder, 'asked')}`
    const restarting = rejection(machine.restart?.({ command, signal: abort.signal }) ?? Promise.resolve())
    await expect.poll(async () => await readdir(folder)).toEqual(['asked'])
    abort.abort()
    expect(await restarting).toMatchObject({ code: 'CANCELLED' })
    expect(await say(machine, 'echo there')).toBe('there')
  })
  test('a cancel, while it waits for the machine', async () => {
    proxy = await startProxy(sshd.port)
    proxy.silent = true
    const abort = new AbortController()
    const connecting = rejection(sshCommunicator({ ...rootOf(sshd), port: proxy.port }, provisionContext({ signal: abort.signal })))
    setTimeout(() => abort.abort(), 50)
    expect(await connecting).toMatchObject({ code: 'CANCELLED' })
    await expect.poll(() => proxy?.connections).toBe(1)
  })
  test('a cancel, or the end of the time, in the middle of a login', async () => {
    const sockets: Socket[] = []
    const stuck = createServer((socket) => void sockets.push(socket.on('error', () => undefined).resume())).listen(0, '127.0.0.1')
    stuck.on('connection', (socket: Socket) => socket.write('SSH-2.0-stuck\r\n'))
    await once(stuck, 'listening')
    const { port } = stuck.address() as AddressInfo // it listens on TCP
    try {
      const abort = new AbortController()
      const connecting = rejection(sshCommunicator({ ...rootOf(sshd), port }, provisionContext({ signal: abort.signal })))
      await once(stuck, 'connection')
      abort.abort()
      expect(await connecting).toMatchObject({ code: 'CANCELLED' })
      const late = await rejection(sshCommunicator({ ...rootOf(sshd), port, timeout: '500ms' }, provisionContext()))
      expect(late).toMatchObject({ code: 'TIMEOUT' })
      expect(late.message).toMatch(/ after 500ms: .* has an SSH server, which does not come to an end with the login$/)
      await expect.poll(() => sockets.every(({ readableEnded, destroyed }) => readableEnded || destroyed)).toBe(true)
    } finally {
      sockets.forEach((socket) => socket.destroy())
      stuck.close()
    }
  })
  test('waits before it connects, and not while it is connected', async () => {
    proxy = await startProxy(sshd.port)
    const connecting = sshCommunicator({ ...rootOf(sshd), port: proxy.port, pauseBeforeConnecting: '300ms' }, provisionContext())
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(proxy.connections).toBe(0)
    await (await connecting)[Symbol.asyncDispose]()
    expect(proxy.connections).toBe(1)
  })
  test('a disk that is full', async () => {
    const disk = join(folder, 'disk')
    execFileSync('sh', ['-c', `mkdir ${disk} && mount -t tmpfs -o size=1m tmpfs ${disk}`])
    try {
      for (const transfer of ['tar', 'sftp'] as const) {
        await using machine = await sshCommunicator({ ...rootOf(sshd), transfer }, provisionContext())
        const error = await rejection(machine.upload({ content: Buffer.alloc(2 << 20) }, join(disk, 'big')))
        expect(error).toMatchObject({ code: 'DISK_FULL' })
        expect(await readdir(disk)).toEqual([])
        await writeFile(join(disk, 'fill'), Buffer.alloc(2 << 20)).catch(() => undefined) // as much as there is room for
        expect(await rejection(machine.upload({ content: Buffer.alloc(8000) }, join(disk, 'small')))).toMatchObject({ code: 'DISK_FULL' })
        expect(await readdir(disk)).toEqual(['fill'])
        await rm(join(disk, 'fill'))
      }
    } finally {
      execFileSync('umount', ['--lazy', disk])
    }
  })
})
