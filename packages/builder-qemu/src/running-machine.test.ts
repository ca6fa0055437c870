import { tmpdir } from 'node:os'

import type { Json, JsonObject } from '@imago/core'
import { ImagoError } from '@imago/core'
import { describe, expect, test } from 'vitest'

import type { ProcessEnd } from './machine-process.ts'
import type { QmpEvent } from './qmp-message.ts'
import { forwardedPort, RunningMachine } from './running-machine.ts'

const patient = AbortSignal.timeout(60_000)

/** A machine whose monitor answers what `answers` says, and whose process ends when it is told to. */
function machineWith(answers: (command: string, args: JsonObject) => Json | Error = () => ({})): {
  readonly machine: RunningMachine
  readonly commands: readonly string[]
  readonly say: (name: string, data?: JsonObject) => void
  readonly finish: (end?: Partial<ProcessEnd>) => Promise<void>
} {
  const commands: string[] = []
  const listeners: ((event: QmpEvent) => void)[] = []
  let end: (end: ProcessEnd) => void = () => undefined
  const ended = new Promise<ProcessEnd>((resolve) => (end = resolve))
  const machine = new RunningMachine({
    name: 'imago-run-cow-vm',
    folder: tmpdir(),
    process: { pid: 7, ended, leave: () => undefined },
    monitor: {
      execute: async (command: string, args: JsonObject | undefined) => {
        commands.push(command)
        const answer = answers(command, args ?? {})
        if (answer instanceof Error) throw answer
        return answer
      },
      onEvent: (listener) => {
        listeners.push(listener)
        return () => undefined
      },
      close: () => undefined,
    },
  })
  const say = (name: string, data: JsonObject = {}): void => listeners.forEach((listener) => listener({ name, data }))
  const finish = async (more: Partial<ProcessEnd> = {}): Promise<void> => {
    end({ exitCode: 0, words: '', ...more })
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { machine, commands, say, finish }
}

describe('a machine that should run', () => {
  test('is lost when the guest goes off', async () => {
    const { machine, say, finish } = machineWith()
    say('SHUTDOWN', { guest: true, reason: 'guest-shutdown' })
    await finish()
    expect(machine.lost.reason).toMatchObject({
      code: 'MACHINE_LOST',
      message: 'the machine imago-run-cow-vm went off by itself in the middle of the build',
    })
  })

  test('is lost when QEMU is ended by somebody, or crashes', async () => {
    const told = machineWith()
    told.say('SHUTDOWN', { guest: false, reason: 'host-signal' })
    await told.finish()
    expect(told.machine.lost.reason).toMatchObject({ message: expect.stringMatching(/cow-vm, a signal told it to$/) as unknown })
    const crashed = machineWith()
    await crashed.finish({ exitCode: 134, signal: 'SIGABRT', words: 'assertion failed' })
    expect(crashed.machine.lost.reason).toMatchObject({
      message: expect.stringMatching(/it was killed by SIGABRT: assertion failed$/) as unknown,
    })
  })

  test('is lost when it stands still: no room for its disk, a broken disk, an accelerator that cannot go on', async () => {
    const full = machineWith()
    full.say('BLOCK_IO_ERROR', { nospace: true, action: 'stop', reason: 'No space left on device' })
    expect(full.machine.lost.reason).toMatchObject({ code: 'DISK_FULL' })
    const broken = machineWith()
    broken.say('BLOCK_IO_ERROR', { nospace: false, action: 'stop', reason: 'Input/output error' })
    expect(broken.machine.lost.reason).toMatchObject({
      code: 'MACHINE_LOST',
      message: expect.stringContaining('Input/output error') as unknown,
    })
    const stopped = machineWith(() => ({ status: 'internal-error' }))
    stopped.say('STOP')
    await new Promise((resolve) => setImmediate(resolve))
    expect(stopped.machine.lost.reason).toMatchObject({ code: 'MACHINE_LOST', hint: "try accelerator: 'tcg'" })
  })

  test('is not lost by an error that the guest is told of, by a pause, or by a restart', async () => {
    const { machine, say } = machineWith(() => ({ status: 'paused' }))
    let restarts = 0
    const stop = machine.onRestart(() => restarts++)
    say('BLOCK_IO_ERROR', { nospace: false, action: 'report', reason: 'x' })
    say('STOP')
    say('RESET')
    stop()
    say('RESET')
    await new Promise((resolve) => setImmediate(resolve))
    expect([machine.lost.aborted, restarts]).toEqual([false, 1])
  })
})

describe('a machine that may go off', () => {
  test('is off when the guest goes off, and is not lost', async () => {
    const { machine, say, finish } = machineWith()
    const off = machine.waitUntilOff(patient)
    say('SHUTDOWN', { reason: 'guest-shutdown' })
    await finish()
    await off
    expect(machine.lost.aborted).toBe(false)
  })

  test('is off when the plug is pulled, also when QEMU closes its monitor without an answer', async () => {
    const { machine, commands, finish } = machineWith((command) => (command === 'quit' ? new ImagoError('MACHINE_LOST', 'closed') : {}))
    const off = machine.pullPlug(patient)
    await finish()
    await off
    expect(commands).toEqual(['quit'])
  })

  test('is not off in good order when QEMU crashes, is ended by somebody, or stands still', async () => {
    const crashed = machineWith()
    const off = crashed.machine.waitUntilOff(patient).catch((error: unknown) => error)
    await crashed.finish({ exitCode: 139, signal: 'SIGSEGV' })
    expect(await off).toMatchObject({ code: 'MACHINE_LOST' })
    const told = machineWith()
    told.say('SHUTDOWN', { reason: 'host-signal' })
    const alsoOff = told.machine.waitUntilOff(patient).catch((error: unknown) => error)
    await told.finish()
    expect(await alsoOff).toMatchObject({ code: 'MACHINE_LOST' })
    const full = machineWith()
    const never = full.machine.waitUntilOff(patient).catch((error: unknown) => error)
    full.say('BLOCK_IO_ERROR', { nospace: true, action: 'stop' })
    expect(await never).toMatchObject({ code: 'DISK_FULL' })
    await expect(full.machine.waitUntilOff(patient)).rejects.toMatchObject({ code: 'DISK_FULL' })
  })

  test('is waited for as long as the signal lets it', async () => {
    await expect(machineWith().machine.waitUntilOff(AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

test('a picture is a PNG, or where QEMU makes none a PPM', async () => {
  const { machine } = machineWith()
  expect(await machine.saveScreen('/out/x', patient)).toBe('/out/x.png')
  const old = machineWith((_, { format }) => (format === 'png' ? new ImagoError('PROVIDER_FAILED', 'no png') : {}))
  expect(await old.machine.saveScreen('/out/x', patient)).toBe('/out/x.ppm')
  const gone = machineWith(() => new ImagoError('MACHINE_LOST', 'gone'))
  await expect(gone.machine.saveScreen('/out/x', patient)).rejects.toMatchObject({ code: 'MACHINE_LOST' })
})

const table = `Hub -1 (net0):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[ESTABLISHED]   15       127.0.0.1 40001       10.0.2.15    22     0     0\r
  TCP[HOST_FORWARD]  12       127.0.0.1 37047       10.0.2.15    22     0     0\r
  TCP[HOST_FORWARD]  13               *  8080       10.0.2.15    80     0     0\r
  UDP[HOST_FORWARD]  14       127.0.0.1  5353       10.0.2.15    53     0     0\r
`

test('the port that leads to one of the guest', () => {
  expect(forwardedPort(table, 22)).toBe(37_047)
  expect(forwardedPort(table, 80)).toBe(8080)
  expect(forwardedPort(table, 53)).toBeUndefined()
  expect(forwardedPort('', 22)).toBeUndefined()
})
