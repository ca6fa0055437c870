import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

import { expect, onTestFinished, test } from 'vitest'

import { isOwnerAlive, processOwner } from './process-owner.ts'

/** The owner's parts: host, boot, space of process ids, process id, start time. */
function changed(part: 0 | 1 | 2 | 3 | 4, value: string): string {
  return processOwner().split('/').with(part, value).join('/')
}

test('this process is alive', () => {
  expect(processOwner().split('/')).toHaveLength(5)
  expect(isOwnerAlive(processOwner())).toBe(true)
})

test('another host, or another container of this host, cannot be asked', () => {
  expect(isOwnerAlive(changed(0, 'elsewhere'))).toBeUndefined()
  expect(isOwnerAlive(changed(2, '1'))).toBeUndefined()
  expect(isOwnerAlive('')).toBeUndefined()
})

test.runIf(process.platform === 'linux')('a process from before the last start, or whose id another has now, is gone', () => {
  expect(isOwnerAlive(changed(1, '00000000'))).toBe(false)
  expect(isOwnerAlive(changed(4, '1'))).toBe(false)
  expect(isOwnerAlive(changed(3, '4194305'))).toBe(false) // above the largest that Linux gives
})

test.runIf(process.platform === 'linux')('a process that was killed is gone, also while its parent has not collected it', async () => {
  // the shell becomes a program that never waits for its child
  const parent = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(String(line))
  const stat = (): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const owner = processOwner()
    .split('/')
    .with(3, String(pid))
    .with(4, stat()[19] ?? '')
    .join('/')
  expect(isOwnerAlive(owner)).toBe(true)
  while (!readFileSync(`/proc/${parent.pid}/comm`, 'utf8').startsWith('sleep')) await new Promise((resolve) => setTimeout(resolve, 5))
  process.kill(pid, 'SIGKILL')
  while (stat()[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5))
  expect(isOwnerAlive(owner)).toBe(false)
})
