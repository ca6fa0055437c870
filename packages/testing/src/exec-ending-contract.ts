import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'

import type { Communicator } from '@imago/core'

import type { Bench, TestRunner } from './contract-bench.ts'
import { execute, latch, rejectsWith, within } from './contract-bench.ts'

/** A command with children, of which none heeds SIGTERM. It prints the ids of its processes, then `ready`. */
const stubborn = `trap '' TERM INT HUP
(trap '' TERM; while :; do sleep 1; done) &
echo $!
sleep 300 &
echo $!
sh -c 'sleep 301 & echo $!; echo ready; wait' &
wait; while :; do sleep 1; done`

/** How long a killed command may take to end. */
const killMs = 10_000

/** Ends of commands: background processes, cancelling, closing. */
export function execEndingContract({ describe, test }: TestRunner, bench: Bench): void {
  describe('exec: background processes', () => testBackground(test, bench))
  describe('exec: cancelling', () => {
    testCancel(test, bench)
    testClose(test, bench)
  })
}

function testBackground(test: TestRunner['test'], bench: Bench): void {
  for (const [what, command] of [
    ['that keeps the output open', 'sleep 30 & echo $!'],
    ['that is a daemon', 'nohup sleep 30 >/dev/null 2>&1 & echo $!'],
  ] as const) {
    test(`does not wait for a process ${what}`, async () => {
      const { exitCode, stdout } = await within(5000, 'a command with a process in the background', bench.run(command))
      assert.equal(exitCode, 0)
      const pid = Number(stdout.toString())
      assert.ok(pid > 0)
      await bench.run(`kill ${pid}`)
      assert.equal((await bench.run('echo on')).stdout.toString(), 'on\n')
    })
  }
}

function testCancel(test: TestRunner['test'], bench: Bench): void {
  for (const [form, command] of [
    ['a string', stubborn],
    ['a list', ['sh', '-c', stubborn]],
  ] as const) {
    test(`kills the whole tree of a command given as ${form}, and goes on`, async () => {
      const machine = await bench.machine()
      const abort = new AbortController()
      const { pids, ended } = await start(machine, command, abort.signal)
      abort.abort()
      await within(killMs, 'ending a cancelled command', rejectsWith(ended, 'CANCELLED'))
      assert.equal((await within(5000, 'the next command', bench.run('echo on'))).stdout.toString(), 'on\n')
      assert.deepEqual(await survivors(machine, pids), [], 'processes of the cancelled command are still running')
    })
  }
  test('says that a time-out was one', async () => {
    await within(killMs, 'a timed out command', rejectsWith(bench.run('sleep 60', { signal: AbortSignal.timeout(200) }), 'TIMEOUT'))
    assert.equal((await bench.run('echo on')).stdout.toString(), 'on\n')
  })
  test('leaves the other commands alone', async () => {
    const other = bench.run('sleep 1; echo done')
    await within(killMs, 'a timed out command', rejectsWith(bench.run('sleep 60', { signal: AbortSignal.timeout(100) }), 'TIMEOUT'))
    assert.equal((await other).stdout.toString(), 'done\n')
  })
  test('ends a command that waits for its input, and one that prints for ever', async () => {
    const stdin = new Readable({ read: () => {} })
    await within(killMs, 'cat', rejectsWith(bench.run('cat', { stdin, signal: AbortSignal.timeout(200) }), 'TIMEOUT'))
    await within(killMs, 'yes', rejectsWith(bench.run('while :; do echo y; done', { signal: AbortSignal.timeout(200) }), 'TIMEOUT'))
    assert.equal((await bench.run('echo on')).stdout.toString(), 'on\n')
  })
  test('nothing runs when the signal is aborted already', async () => {
    const path = bench.remote('ran')
    const options = { env: { F: path }, signal: AbortSignal.abort() }
    await rejectsWith(bench.run('mkdir -p "$(dirname "$F")"; touch "$F"', options), 'CANCELLED')
    assert.notEqual((await bench.run('test -e "$F"', { env: { F: path } })).exitCode, 0)
  })
}

function testClose(test: TestRunner['test'], bench: Bench): void {
  test('a communicator that is closed rejects, and closing it again does nothing', async () => {
    const machine = await bench.open()
    await machine.exec('true')
    await machine[Symbol.asyncDispose]()
    await rejectsWith(within(5000, 'a command on a closed communicator', machine.exec('true')), 'DISCONNECTED', 'MACHINE_LOST', 'CANCELLED')
    await machine[Symbol.asyncDispose]()
  })
  test('closing does not wait for a command for ever', async () => {
    const machine = await bench.open()
    const { ended } = await start(machine, stubborn, undefined)
    const outcome = rejectsWith(ended, 'DISCONNECTED', 'MACHINE_LOST', 'CANCELLED')
    await within(killMs, 'closing', machine[Symbol.asyncDispose]())
    await within(killMs, 'the command on a closed communicator', outcome)
  })
}

/** Starts the stubborn command and waits until all its processes run. */
async function start(
  machine: Communicator,
  command: string | readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ readonly pids: readonly number[]; readonly ended: Promise<unknown> }> {
  let output = ''
  const ready = latch()
  const ended = machine.exec(command, {
    ...(signal !== undefined && { signal }),
    onOutput: (_stream, chunk) => {
      output += Buffer.from(chunk).toString()
      if (output.includes('ready')) ready.open()
    },
  })
  await within(5000, 'the start of a command', Promise.race([ready.opened, ended]))
  const pids = output.match(/\d+/g)?.map(Number) ?? []
  assert.equal(pids.length, 3, `the command printed ${JSON.stringify(output)}`)
  return { pids, ended }
}

/** The processes that still run after a while. Those that have ended and wait to be reaped do not run. */
async function survivors(machine: Communicator, pids: readonly number[]): Promise<readonly number[]> {
  const deadline = Date.now() + 5000
  for (;;) {
    const { stdout } = await execute(machine, `for p in ${pids.join(' ')}; do cat /proc/$p/stat 2>/dev/null; done; true`)
    const running = pids.filter((pid) => new RegExp(`^${pid} \\(.*\\) [^ZX]`, 'm').test(stdout.toString()))
    if (running.length === 0 || Date.now() > deadline) return running
    await setTimeout(50)
  }
}
