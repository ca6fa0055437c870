import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { secret } from '@imago/core'
import { expect, onTestFinished, test } from 'vitest'

import type { QemuOptions } from './qemu-options.ts'
import { startIdentity } from './start-identity.ts'

interface Place {
  readonly directory: string
  readonly identity: (options?: Partial<QemuOptions>, disk?: string) => Promise<unknown>
}

const given = {
  disk: { url: 'disk.raw', checksum: 'none' },
  cpus: 2,
  http: { directory: 'answers' },
  cloudInit: { userData: 'a' },
  result: { format: 'qcow2', path: 'out.qcow2' },
} as const satisfies QemuOptions

/** A folder with what a machine is made of. */
async function place(disk = 'bytes of a disk', answers = 'yes'): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'imago-identity-'))
  onTestFinished(async () => await rm(directory, { recursive: true }))
  await writeFile(join(directory, 'disk.raw'), disk)
  await mkdir(join(directory, 'answers'))
  await writeFile(join(directory, 'answers/answers'), answers)
  const ctx = { directory, cacheDirectory: join(directory, 'cache'), signal: AbortSignal.timeout(20_000) }
  return { directory, identity: async (options = {}) => plain(await startIdentity({ ...given, ...options } as QemuOptions, ctx)) } // nothing contradicts
}

/** As the cache sees it, in which functions are called. */
function plain(value: unknown): string {
  const facts = { buildName: 'vm', builderType: 'qemu', image: 'cow', runId: 'run' }
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'function' ? (member(facts) as unknown) : member)) // of facts
}

test('the same machine in another folder, with other times, is the same', async () => {
  const [one, other] = await Promise.all([place(), place()])
  await utimes(join(other.directory, 'disk.raw'), 1, 1)
  expect(await one.identity()).toBe(await other.identity())
  expect(await one.identity()).toBe(await one.identity())
})

test('what makes no difference to what is in the machine is no part of it', async () => {
  const { identity } = await place()
  const others: Partial<QemuOptions>[] = [
    { result: { format: 'raw', path: 'other.raw' } },
    { headless: false },
    { vnc: true },
    { serialLog: 'log' },
    { shutdown: { command: 'poweroff' } },
    { ssh: { timeout: '1m' } },
  ]
  expect(new Set(await Promise.all(others.map(async (options) => await identity(options))))).toEqual(new Set([await identity()]))
})

test('whatever else is changed makes it another one', async () => {
  const [one, otherDisk, otherAnswers] = await Promise.all([place(), place('other bytes'), place(undefined, 'no')])
  const changes: Partial<QemuOptions>[] = [
    { cpus: 3 },
    { memory: '2g' },
    { diskSize: '3g' },
    { firmware: 'uefi' },
    { qemuArgs: ['-device', 'x'] },
    { extraDisks: [{ size: '1m' }] },
    { cloudInit: { userData: 'b' } },
    { cloudInit: { userData: ({ sshPublicKey }) => `b ${String(sshPublicKey)}` } },
    { boot: { command: ({ httpUrl }) => [`url=${httpUrl ?? ''}/x<enter>`] } },
    { ssh: { password: secret('password') } },
    { disk: { url: 'disk.raw', checksum: `sha256:${'0'.repeat(64)}` } },
  ]
  const all = [
    await one.identity(),
    await otherDisk.identity(),
    await otherAnswers.identity(),
    ...(await Promise.all(changes.map(async (options) => await one.identity(options)))),
  ]
  expect(new Set(all).size).toBe(all.length)
})

test('the key and the server of a build stand for themselves: the next build has others', async () => {
  const { identity } = await place()
  const written = String(
    await identity({ boot: { command: ({ httpUrl, sshPublicKey }) => [`${String(httpUrl)} ${String(sshPublicKey)}`] } }),
  )
  expect(written).toContain("<the build's server> <the build's key>")
})

test('an image that must be fetched is known by its checksum, or not before', async () => {
  const { identity } = await place()
  const url = 'https://192.0.2.1/disk.qcow2'
  expect(await identity({ disk: { url, checksum: 'none' } })).toBeUndefined()
  const known = await identity({ disk: { url, checksum: `sha256:${'A'.repeat(64)}` } })
  expect(known).toBe(await identity({ disk: { url: 'https://192.0.2.2/mirror.qcow2', checksum: `sha256:${'a'.repeat(64)}` } }))
})

test('a disk that has been written to again is read again', async () => {
  const { identity, directory } = await place()
  const before = await identity()
  await writeFile(join(directory, 'disk.raw'), 'bytes of A disk')
  await utimes(join(directory, 'disk.raw'), 5, 5)
  expect(await identity()).not.toBe(before)
})

test('files that a pattern stands for are a part of it, wherever they are', async () => {
  const { directory, identity } = await place()
  await writeFile(join(directory, 'a.xml'), 'a')
  const floppy = { files: ['*.xml'] }
  const before = await identity({ floppy })
  expect(await identity({ floppy })).toBe(before)
  await writeFile(join(directory, 'a.xml'), 'b')
  const changed = await identity({ floppy })
  await writeFile(join(directory, 'b.xml'), 'b')
  expect(new Set([before, changed, await identity({ floppy })]).size).toBe(3)
})
