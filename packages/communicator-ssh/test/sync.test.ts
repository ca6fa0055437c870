import { chmod, chown, mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Communicator, TransferOptions } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { sshCommunicator } from '../src/ssh-communicator.ts'
import type { Sshd } from './sshd.ts'
import { lacksSshd, rootOf, skipped, startSshd } from './sshd.ts'

const names = ['a', 'sub/b', 'sub/deep/c', 'sub/ odd  name', 'two\nlines', 'back\\slash', 'ü☃', '-rf', '$(id)']
/** Those whose names not every program prints as they are: they are sent each time. */
const always = ['two\nlines', 'back\\slash']

describe.skipIf(lacksSshd)(`files that are there already${skipped}`, () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(async () => await sshd.stop())

  /** A directory here and where it goes; each file has as many bytes as its place in the list of names, and a thousand. */
  async function makeTree(name: string): Promise<{ readonly here: string; readonly there: string }> {
    const [here, there] = [join(sshd.folder, name, 'here'), join(sshd.folder, name, 'there')]
    await mkdir(join(here, 'sub/deep'), { recursive: true })
    for (const [index, file] of names.entries()) await writeFile(join(here, file), 'x'.repeat(1000 + index))
    await symlink('a', join(here, 'link'))
    return { here, there }
  }

  /** Uploads with `sync`, and says how many bytes of content were sent. */
  async function sync(machine: Communicator, here: string, there: string, options: TransferOptions = {}): Promise<number> {
    let sent = 0
    await machine.upload({ path: here }, there, { ...options, sync: true, onProgress: ({ bytes }) => (sent = bytes) })
    return sent
  }
  const sizeOf = (...files: readonly string[]): number => files.reduce((sum, file) => sum + 1000 + names.indexOf(file), 0)

  for (const transfer of ['tar', 'sftp'] as const) {
    test(`are not sent again, by ${transfer}`, async () => {
      const { here, there } = await makeTree(`again-${transfer}`)
      const context = provisionContext()
      await using machine = await sshCommunicator({ ...rootOf(sshd), transfer }, context)
      expect(await sync(machine, here, there)).toBe(sizeOf(...names))
      expect(await sync(machine, here, there)).toBe(sizeOf(...always))
      await writeFile(join(there, 'sub/extra'), 'kept')
      await writeFile(join(here, 'sub/b'), 'y'.repeat(1001))
      await writeFile(join(there, 'sub/deep/c'), 'z'.repeat(1002))
      await chmod(join(there, '-rf'), 0o600)
      await rm(join(there, 'ü☃'))
      expect(await sync(machine, here, there)).toBe(sizeOf(...always, 'sub/b', 'sub/deep/c', '-rf', 'ü☃'))
      for (const name of names) expect(await readFile(join(there, name))).toEqual(await readFile(join(here, name)))
      expect((await stat(join(there, '-rf'))).mode & 0o777).toBe(0o644)
      expect(await readFile(join(there, 'sub/extra'), 'utf8')).toBe('kept')
      const said = context.said.events.flatMap((event) => (event.type === 'message' ? [event.text] : []))
      expect(said).toContain(`of 9 files for '${there}', 7 are there already`)
    })
  }
  test('count only with the mode and the owner that they are to have', async () => {
    const { here, there } = await makeTree('attributes')
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    const options = { mode: 0o640, owner: '12:34' }
    await sync(machine, here, there, options)
    expect(await sync(machine, here, there, options)).toBe(sizeOf(...always))
    await chown(join(there, 'a'), 12, 35)
    expect(await sync(machine, here, there, options)).toBe(sizeOf(...always, 'a'))
    expect((await stat(join(there, 'a'))).gid).toBe(34)
    expect(await sync(machine, here, there)).toBe(sizeOf(...names))
  })
  test('do not count behind a link', async () => {
    const { here, there } = await makeTree('links')
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    await sync(machine, here, there)
    await rename(join(there, 'sub'), join(there, '..', 'elsewhere'))
    await symlink('../elsewhere', join(there, 'sub'))
    await rename(join(there, 'a'), join(there, 'z'))
    await symlink('z', join(there, 'a'))
    expect(await sync(machine, here, there)).toBe(sizeOf(...always, 'a', 'sub/b', 'sub/deep/c', 'sub/ odd  name'))
    for (const name of names) expect(await readFile(join(there, name))).toEqual(await readFile(join(here, name)))
    expect(await machine.exec(['test', '-h', join(there, 'a')])).toEqual({ exitCode: 1 })
  })
  test('a single file, too', async () => {
    const [here, there] = [join(sshd.folder, 'single'), join(sshd.folder, 'single-there')]
    await writeFile(here, Buffer.alloc(100_000, 1))
    await using machine = await sshCommunicator(rootOf(sshd), provisionContext())
    expect(await sync(machine, here, there)).toBe(100_000)
    await utimes(there, 1, 1)
    expect(await sync(machine, here, there)).toBe(0)
    expect((await stat(there)).mtimeMs).toBe(1000)
    await writeFile(there, Buffer.alloc(100_000, 2))
    expect(await sync(machine, here, there)).toBe(100_000)
    expect(await readFile(there)).toEqual(await readFile(here))
  })
  test('cannot be told without a program for digests: everything is sent, and that is said', async () => {
    const bare = await startSshd(['SetEnv PATH=%FOLDER%/bin HOME=%FOLDER%'])
    try {
      await mkdir(join(bare.folder, 'bin'))
      for (const name of ['sh', 'id', 'mkdir', 'chmod', 'mv', 'ls', 'tar', 'xargs'])
        await symlink(`/bin/${name}`, join(bare.folder, 'bin', name))
      const { here, there } = await makeTree('bare')
      const context = provisionContext()
      await using machine = await sshCommunicator(rootOf(bare), context)
      for (let round = 0; round < 2; round++) expect(await sync(machine, here, there)).toBe(sizeOf(...names))
      const warnings = context.said.events.flatMap((event) => (event.type === 'message' && event.level === 'warning' ? [event.text] : []))
      expect(warnings).toContainEqual(expect.stringMatching(/has no program for SHA-256.*: everything is sent to '.*there'$/))
    } finally {
      await bare.stop()
    }
  })
})
