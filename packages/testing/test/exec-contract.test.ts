import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, test } from 'vitest'

import { Bench } from '../src/contract-bench.ts'
import { execContract } from '../src/exec-contract.ts'
import { execEndingContract } from '../src/exec-ending-contract.ts'
import { execInputContract } from '../src/exec-input-contract.ts'
import { LocalMachine } from './local-machine.ts'

const base = join(tmpdir(), `imago-exec-contract-${process.pid}`)
const bench = new Bench({ open: () => Promise.resolve(new LocalMachine()), directory: base })
afterAll(async () => {
  await bench.close()
  await rm(base, { recursive: true, force: true })
})

describe('commands on this machine', () => {
  execContract({ describe, test, afterAll }, bench)
  execInputContract({ describe, test, afterAll }, bench)
  execEndingContract({ describe, test, afterAll }, bench)
})
