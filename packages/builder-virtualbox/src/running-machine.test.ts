import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ImagoError } from '@imago/core'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import { FakeVirtualBox } from '../test/fake-virtualbox.ts'
import type { FakeMachineState } from '../test/fake-virtualbox.ts'
import { removeMachine } from './machine-resource.ts'
import { RunningMachine } from './running-machine.ts'

const signal = AbortSignal.timeout(60_000)
let box: FakeVirtualBox
let state: FakeMachineState
let machine: RunningMachine
let log: string
const pollMs = { running: 2, ending: 2 }

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imago-virtualbox-unit-'))
  box = new FakeVirtualBox(folder)
  state = box.add('cow')
  state.state = 'running'
  log = join(folder, 'VBox.log')
  machine = new RunningMachine({ name: 'cow', box, folder, log, pollMs })
  onTestFinished(async () => {
    machine.close()
    await box.clear()
  })
})

/** Waits until the machine has been looked at some times more. */
async function look(): Promise<void> {
  const looks = box.said('showvminfo').length
  await vi.waitFor(() => expect(box.said('showvminfo').length).toBeGreaterThan(looks + 3), { timeout: 20_000 })
}

/** Waits until the machine is lost. @returns why */
async function loss(lost: RunningMachine): Promise<unknown> {
  await vi.waitFor(() => expect(lost.lost.aborted).toBe(true), { timeout: 20_000 })
  return lost.lost.reason
}

describe('a machine that should run', () => {
  test('is lost when it goes off, when VirtualBox ends it, and when it is removed', async () => {
    await look()
    expect(machine.lost.aborted).toBe(false)
    state.state = 'poweroff'
    expect(await loss(machine)).toMatchObject({
      code: 'MACHINE_LOST',
      message: 'the machine cow went off by itself in the middle of the build',
    })
    state.state = 'running'
    const other = new RunningMachine({ name: 'cow', box, folder: tmpdir(), log, pollMs })
    state.state = 'aborted'
    expect(await loss(other)).toMatchObject({ message: 'VirtualBox has ended the machine cow in the middle of the build: aborted' })
    const third = new RunningMachine({ name: 'gone', box, folder: tmpdir(), log, pollMs })
    expect(await loss(third)).toMatchObject({ message: 'the machine gone is not in VirtualBox any more' })
  })

  test('is lost when it cannot go on, and when there is no room for its disks; not when somebody pauses it', async () => {
    state.state = 'paused'
    await look()
    expect(machine.lost.aborted).toBe(false)
    await writeFile(log, '00:01 VM: Raising runtime error DrvVD_DISKFULL')
    expect(await loss(machine)).toMatchObject({ code: 'DISK_FULL' })
    state.state = 'gurumeditation'
    const other = new RunningMachine({ name: 'cow', box, folder: tmpdir(), log, pollMs })
    expect(await loss(other)).toMatchObject({ code: 'MACHINE_LOST', message: expect.stringContaining('guru meditation') as unknown })
    other.close()
  })

  test('tells of a restart, once it is in the log', async () => {
    const restarts: number[] = []
    const reset = "Changing the VM state from 'RUNNING' to 'RESETTING'\n"
    const stop = machine.onRestart(() => void restarts.push(1))
    await look()
    expect(restarts).toEqual([])
    await writeFile(log, reset)
    await vi.waitFor(() => expect(restarts).toEqual([1]), { timeout: 20_000 })
    stop()
    await writeFile(log, reset.repeat(2))
    await look()
    expect(restarts).toEqual([1])
  })
})

describe('a machine that may go off', () => {
  test('is off when it goes off, and is not lost', async () => {
    const off = machine.waitUntilOff(signal)
    state.state = 'poweroff'
    await off
    expect(machine.lost.aborted).toBe(false)
  })

  test('is not off in good order when VirtualBox ended it; is waited for as long as the signal lets it', async () => {
    await expect(machine.waitUntilOff(AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
    const off = machine.waitUntilOff(signal).catch((error: unknown) => error)
    state.state = 'aborted'
    expect(await off).toMatchObject({ code: 'MACHINE_LOST' })
  })

  test('a button that is pressed when it is off already is no error; the plug is pulled of one that runs', async () => {
    const off = machine.pullPlug(signal)
    await off
    await machine.pressButton(signal)
    expect(box.said('controlvm')).toEqual(['controlvm cow poweroff', 'controlvm cow acpipowerbutton'])
  })
})

test('keys are sent as scan codes, all of them, also when VirtualBox had no room for some', async () => {
  box.failing = { words: 'controlvm cow keyboardputscancode 1e', error: new ImagoError('PROVIDER_FAILED', 'Only 3 scancodes were stored') }
  const typed = machine.send(
    [
      { key: 'a', down: true },
      { key: 'a', down: false },
      { key: 'up', down: true },
    ],
    signal,
  )
  await typed
  expect(box.said('controlvm')).toEqual(['controlvm cow keyboardputscancode 1e 9e e0 48', 'controlvm cow keyboardputscancode 48'])
})

test('a picture is taken', async () => {
  expect(Buffer.from(await machine.capture(signal)).toString()).toBe('PNG')
  expect(await machine.saveScreen(join(state.folder, '..', 'x-failed'), signal)).toMatch(/x-failed\.png$/)
})

test('a machine is removed whatever it is doing, and one that is gone is no error', async () => {
  const removed = removeMachine(box, 'cow', signal)
  await removed
  await removeMachine(box, 'cow', signal)
  expect([box.said('controlvm'), box.said('unregistervm')]).toEqual([['controlvm cow poweroff'], ['unregistervm cow --delete']])
})
