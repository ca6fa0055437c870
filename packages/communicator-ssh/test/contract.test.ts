import { rm } from 'node:fs/promises'

import { communicatorContract, provisionContext, transferContract } from '@imago/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'

import { sshCommunicator } from '../src/ssh-communicator.ts'
import type { Sshd } from './sshd.ts'
import { lacksSshd, rootOf, skipped, startSshd } from './sshd.ts'

for (const [transfer, contract] of [
  ['auto', communicatorContract],
  ['sftp', transferContract],
] as const) {
  describe.skipIf(lacksSshd)(`ssh, transfer: ${transfer}${skipped}`, () => {
    let sshd: Sshd
    beforeAll(async () => {
      sshd = await startSshd(['RekeyLimit 8M'])
    })
    const directory = `/tmp/imago-contract-ssh-${transfer}-${process.pid}`
    afterAll(async () => {
      await sshd.stop()
      await rm(directory, { recursive: true, force: true })
    })
    contract({
      describe,
      test,
      afterAll,
      open: async () => await sshCommunicator({ ...rootOf(sshd), transfer }, provisionContext()),
      directory,
    })
  })
}
