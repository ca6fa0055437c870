import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { idleProgram } from './idle-program.ts'

const native = process.platform === 'linux' && { x64: 'amd64', arm64: 'arm64' }[process.arch as string]

test.skipIf(!native)('removes itself, reaps its children and does nothing, for ever', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imago-idle-'))
  const path = join(folder, 'idle')
  await writeFile(path, idleProgram(native || ''), { mode: 0o700 })
  const child = spawn(path, { stdio: 'ignore' })
  try {
    await once(child, 'spawn')
    while (existsSync(path)) await delay(5)
    await expect.poll(() => readFileSync(`/proc/${child.pid}/status`, 'latin1')).toMatch(/State:\tS[^]*SigIgn:\t0000000000010000/)
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
})

test('is an executable of its machine', () => {
  expect([...idleProgram('amd64').subarray(0, 20)]).toEqual([127, 69, 76, 70, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0])
  expect(idleProgram('arm64')[18]).toBe(183)
})

test('is not written for every machine', () => {
  expect(() => idleProgram('s390x')).toThrow('an image for s390x without a shell cannot be kept running')
})
