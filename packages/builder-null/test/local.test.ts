import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { communicatorContract } from '@imago/testing'
import { afterAll, describe, test } from 'vitest'

import { LocalMachine } from '../src/local-machine.ts'

describe('this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'imago-local-'))
  afterAll(async () => await rm(folder, { recursive: true, force: true }))
  communicatorContract({
    describe,
    test,
    afterAll,
    open: () => Promise.resolve(new LocalMachine({ directory: folder, workDirectory: join(folder, 'work') })),
    directory: join(folder, 'machine'),
    owners: process.getuid?.() === 0,
  })
})
