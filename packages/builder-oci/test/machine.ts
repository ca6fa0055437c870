import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Communicator } from '@imago/core'

import { hostFiles } from '../src/from/host-binaries.ts'
import { openRoot } from '../src/root/open-root.ts'
import type { Machine, Root } from '../src/root/root.ts'
import { removeRoot } from '../src/root/root-resource.ts'
import { temporaryFolder, testCommands } from './bench.ts'

/** A root with a shell, for tests that need no image. */
export interface TestMachine extends AsyncDisposable {
  readonly root: Root
  readonly machine: Machine
  readonly folder: string
  connect(): Communicator
}

/** Starts a machine with the programs of the tests. */
export async function startTestMachine(commands: readonly string[] = testCommands): Promise<TestMachine> {
  const { signal } = new AbortController()
  const folder = await temporaryFolder()
  const directory = join(folder, 'root')
  await mkdir(directory, { mode: 0o700 })
  const root = await openRoot(directory, signal)
  await root.tree.install(await hostFiles(commands, signal), { signal })
  const machine = await root.start({ env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/root' }, cwd: '/' }, signal)
  return {
    root,
    machine,
    folder,
    connect: () => machine.connect(),
    async [Symbol.asyncDispose]() {
      await root[Symbol.asyncDispose]()
      await removeRoot(directory, signal)
      await rm(folder, { recursive: true })
    },
  }
}
