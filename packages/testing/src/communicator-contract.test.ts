import { afterAll, describe, test } from 'vitest'

import { transferContract } from './communicator-contract.ts'
import { FakeMachine } from './fake-machine.ts'

transferContract({
  describe,
  test,
  afterAll,
  open: () => Promise.resolve(new FakeMachine()),
  probe: (machine) => {
    if (!(machine instanceof FakeMachine)) throw new TypeError('not a fake machine')
    const { files } = machine
    return {
      inspect: (path) => Promise.resolve(inspect(files.entry(path))),
      read: (path) => Promise.resolve(read(files.follow(path))),
    }
  },
})

function inspect(entry: ReturnType<FakeMachine['files']['entry']>) {
  if (entry === undefined) return undefined
  return entry.kind === 'symlink' ? { mode: 0o777, ...entry } : entry
}

function read(entry: ReturnType<FakeMachine['files']['entry']>): Buffer {
  if (entry?.kind !== 'file') throw new Error('no file')
  return Buffer.from(entry.content)
}
