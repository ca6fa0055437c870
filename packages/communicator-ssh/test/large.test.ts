import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { provisionContext } from '@imago/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { sshCommunicator } from '../src/ssh-communicator.ts'
import type { Sshd } from './sshd.ts'
import { lacksSshd, rootOf, skipped, startSshd } from './sshd.ts'

/** More than 32 bits hold. */
const hugeSize = 4.5 * 1024 ** 3
/** Where the file has a word; the rest is holes. */
const places = [0, 3_000_000_000, hugeSize - 4]
const huge = { size: hugeSize, mode: 0o644, takesRoom: false, words: ['moo!', 'moo!', 'moo!', '\0\0\0\0'] }

describe.skipIf(lacksSshd)(`large files${skipped}`, () => {
  let sshd: Sshd
  let folder: string
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(async () => await sshd.stop())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imago-large-'))
  })
  afterEach(async () => await rm(folder, { recursive: true, force: true }))

  async function makeHuge(path: string): Promise<void> {
    const file = await open(path, 'w')
    await file.truncate(hugeSize)
    for (const place of places) await file.write('moo!', place)
    await file.close()
  }

  async function lookAt(path: string): Promise<typeof huge> {
    const { size, blocks, mode } = await stat(path)
    const file = await open(path)
    const wordAt = async (place: number): Promise<string> => (await file.read(Buffer.alloc(4), 0, 4, place)).buffer.toString('latin1')
    const words = await Promise.all([...places, 2_999_999_992].map(wordAt))
    await file.close()
    return { size, mode: mode & 0o777, takesRoom: blocks * 512 > 1_000_000, words }
  }

  test.each(['tar', 'sftp'] as const)('keep their holes on the way there, by %s: 4.5 GB that take no room', async (transfer) => {
    await using machine = await sshCommunicator({ ...rootOf(sshd), transfer }, provisionContext())
    await makeHuge(join(folder, 'here'))
    await machine.upload({ path: join(folder, 'here') }, join(folder, 'there'))
    expect(await lookAt(join(folder, 'there'))).toEqual(huge)
    expect(await machine.stat(join(folder, 'there'))).toEqual({ kind: 'file', size: hugeSize })
  })
  test('keep their holes in a directory, and on the way back', async () => {
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    await mkdir(join(folder, 'here'))
    await makeHuge(join(folder, 'here', 'dïsk'))
    await machine.upload({ path: join(folder, 'here') }, join(folder, 'there'))
    expect(await lookAt(join(folder, 'there', 'dïsk'))).toEqual(huge)
    await machine.download(join(folder, 'there', 'dïsk'), join(folder, 'back'))
    expect(await lookAt(join(folder, 'back'))).toEqual(huge)
  })
  test('go through little memory', async () => {
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    const size = 300 << 20
    const file = await open(join(folder, 'here'), 'w')
    for (let at = 0; at < size; at += 1 << 20) await file.write(Buffer.alloc(1 << 20, 1 + (at >> 20)))
    await file.close()
    const before = process.memoryUsage.rss()
    let most = 0
    const onProgress = (): void => void (most = Math.max(most, process.memoryUsage.rss() - before))
    await machine.upload({ path: join(folder, 'here') }, join(folder, 'there'), { onProgress })
    await machine.download(join(folder, 'there'), join(folder, 'back'), { onProgress })
    expect((await stat(join(folder, 'back'))).size).toBe(size)
    expect(most).toBeLessThan(150 << 20)
  })
})
