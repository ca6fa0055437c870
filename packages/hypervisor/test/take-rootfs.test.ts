import { createHash } from 'node:crypto'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

import type { BuildContext, Communicator } from '@imago/core'
import { runLocal } from '@imago/core'
import { expect, test } from 'vitest'

import { takeRootfs } from '../src/take-rootfs.ts'
import { patient, temporaryFolder } from './folder.ts'

/** A machine whose programs are scripts: `tar` notes its arguments and does what it is told. */
async function machineWith(programs: { readonly id: string; readonly sudo: string; readonly tar: string }) {
  const directory = await temporaryFolder()
  await mkdir(join(directory, 'bin'))
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(directory, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  const env = { PATH: [join(directory, 'bin'), process.env['PATH']].join(delimiter), NOTES: join(directory, 'notes') }
  const machine: Pick<Communicator, 'exec'> = {
    exec: async (command, options) => await runLocal({ ...options, env, command: ['/bin/sh', '-c', String(command)] }),
  }
  const said: string[] = []
  const ctx = { directory, workDirectory: directory }
  const step = {
    signal: patient,
    emit: () => undefined,
    output: (_: string, chunk: Uint8Array) => said.push(Buffer.from(chunk).toString()),
  }
  return {
    directory,
    said,
    // nothing else of them is used
    take: (exclude?: readonly string[]) =>
      takeRootfs(
        machine as Communicator,
        { path: 'out/root.tar', ...(exclude !== undefined && { exclude }) },
        { ctx: ctx as BuildContext, step },
      ),
  }
}

const tar = 'case $* in *--help*) exit ;; *--version*) echo "tar (GNU tar) 1.34"; exit ;; esac; echo "$*" >>"$NOTES"; echo the archive'
const noted = 'echo "sudo $1 $2" >>"$NOTES"; shift; exec "$@"'

test('a user who is not root archives with sudo, which asks nothing; what is left out is told to tar', async () => {
  const { directory, take } = await machineWith({ id: 'echo 1000', sudo: noted, tar })
  const { output } = await take(['/boot/', "it's"])
  expect(output.path).toBe(join(directory, 'out/root.tar'))
  const sha256 = createHash('sha256').update('the archive\n').digest('hex')
  expect(await output.write(join(directory, 'written'))).toEqual({ size: 12, sha256 })
  expect(await readFile(join(directory, 'written'), 'utf8')).toBe('the archive\n')
  const [sudo, args] = (await readFile(join(directory, 'notes'), 'utf8')).split('\n')
  expect(sudo).toBe('sudo -n sh')
  expect(args).toMatch(/^-c -f - --numeric-owner --exclude=\.\/boot --exclude=\.\/it's .*--exclude=\.\/proc\/\* .*\.$/)
})

test('root needs no sudo, and a file that changed meanwhile is no failure', async () => {
  const { directory, take } = await machineWith({ id: 'echo 0', sudo: 'exit 9', tar: `${tar}; exit 1` })
  expect((await take()).output.path).toBe(join(directory, 'out/root.tar'))
})

test('sudo that refuses, and tar that fails, are told, with what they said', async () => {
  const refusing = await machineWith({ id: 'echo 1000', sudo: 'echo "sudo: a password is required" >&2; exit 1', tar })
  const hint = expect.stringContaining('sudo without a password') as unknown
  await expect(refusing.take()).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode: 1, hint })
  expect(refusing.said.join('')).toBe('sudo: a password is required\n')
  const broken = await machineWith({ id: 'echo 0', sudo: 'exit 9', tar: 'exit 2' })
  await expect(broken.take()).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode: 2, hint })
})

test('the same end of another tar, which does not know an option, is a failure', async () => {
  const small = 'case $* in *--exclude*) echo "unrecognized option" >&2; exit 1 ;; esac; exit 1'
  const { said, take } = await machineWith({ id: 'echo 0', sudo: 'exit 9', tar: small })
  const hint = expect.stringContaining('a tar that knows --exclude') as unknown
  await expect(take()).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode: 1, hint })
  expect(said.join('')).toBe('unrecognized option\n')
})

test('a disk that is full on this side ends it', async () => {
  const { directory, take } = await machineWith({ id: 'echo 0', sudo: 'exit 9', tar: `${tar}; sleep 60` })
  await symlink('/dev/full', join(directory, 'rootfs.tar'))
  await expect(take()).rejects.toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('rootfs.tar') as unknown })
})
