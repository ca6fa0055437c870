import type { Communicator, ExecOptions, ExecResult } from '@imago/core'
import { abortError, ImagoError } from '@imago/core'
import { expect, test } from 'vitest'

import type { PowerSwitch, ShutDownOptions, ShutDownOutcome } from './shut-down.ts'
import { shutDown } from './shut-down.ts'

/** What a machine does when it is told to go off. */
interface Behaviour {
  readonly command?: (goOff: () => void, options: ExecOptions) => Promise<ExecResult>
  readonly button?: 'works' | 'is ignored'
}

/** A machine, and what was done to it and said of it. */
interface Bench {
  readonly done: string[]
  readonly warnings: string[]
  readonly shutDown: (options?: Partial<ShutDownOptions>) => Promise<ShutDownOutcome>
}

function bench({ command, button }: Behaviour): Bench {
  const done: string[] = []
  const warnings: string[] = []
  const isOff = new AbortController()
  const power: PowerSwitch = {
    waitUntilOff: (signal) =>
      new Promise((resolve, reject) => {
        isOff.signal.addEventListener('abort', () => resolve())
        signal.addEventListener('abort', () => reject(abortError(signal)))
      }),
    ...(button !== undefined && {
      async pressButton() {
        done.push('button')
        if (button === 'works') isOff.abort()
      },
    }),
    async pullPlug() {
      done.push('plug')
      isOff.abort()
    },
  }
  const machine: Pick<Communicator, 'exec'> = {
    exec: async (text, options = {}) => {
      done.push(String(text))
      return (await command?.(() => isOff.abort(), options)) ?? { exitCode: 0 }
    },
  }
  return {
    done,
    warnings,
    shutDown: (options = {}) =>
      shutDown({
        power,
        ...(command !== undefined && { machine: machine as Communicator, command: 'poweroff' }), // nothing else of it is used
        timeoutMs: 5000,
        graceMs: 200,
        signal: new AbortController().signal,
        emit: (event) => void (event.type === 'message' && warnings.push(`${event.level}: ${event.text}`)),
        output: () => undefined,
        ...options,
      }),
  }
}

const plugPulled = 'pulled the plug; what the guest had not written to its disk is lost'

test('a command, and the machine is off a little later', async () => {
  const { done, warnings, shutDown } = bench({
    command: async (goOff) => {
      setTimeout(goOff, 10)
      return { exitCode: 0 }
    },
  })
  expect(await shutDown()).toBe('command')
  expect([done, warnings]).toEqual([['poweroff'], []])
})

test.each<[string, Behaviour['command']]>([
  [
    'breaks the connection',
    async (goOff) => {
      setTimeout(goOff, 10)
      throw new ImagoError('DISCONNECTED', 'the connection broke')
    },
  ],
  [
    'is killed with everything else',
    async (goOff) => {
      setTimeout(goOff, 10)
      return { exitCode: 143 }
    },
  ],
  [
    'says that it failed, and the machine goes off all the same',
    async (goOff) => {
      setTimeout(goOff, 10)
      return { exitCode: 1 }
    },
  ],
  [
    'never answers',
    async (goOff) => {
      goOff()
      return await new Promise<never>(() => undefined)
    },
  ],
])('a command that %s', async (_, command) => {
  const { done, warnings, shutDown } = bench({ ...(command !== undefined && { command }) })
  expect(await shutDown()).toBe('command')
  expect([done, warnings]).toEqual([['poweroff'], []])
})

test('without a command the button is pressed', async () => {
  const { done, warnings, shutDown } = bench({ button: 'works' })
  expect(await shutDown()).toBe('button')
  expect([done, warnings]).toEqual([['button'], []])
})

test('a machine that does not go off in time has its plug pulled, and that is said', async () => {
  const { done, warnings, shutDown } = bench({ button: 'is ignored' })
  expect(await shutDown({ timeoutMs: 20 })).toBe('plug')
  expect(done).toEqual(['button', 'plug'])
  expect(warnings).toEqual([`warning: the machine was not off 20ms after it was asked to: ${plugPulled}`])

  const hanging = bench({ command: async () => await new Promise<never>(() => undefined) })
  expect(await hanging.shutDown({ timeoutMs: 20 })).toBe('plug')
})

test('a machine that cannot be asked has its plug pulled at once', async () => {
  const { done, warnings, shutDown } = bench({})
  expect(await shutDown()).toBe('plug')
  expect(done).toEqual(['plug'])
  expect(warnings).toEqual([`warning: there is no shutdown command, and the machine has no power button: ${plugPulled}`])
})

test('a command that fails leaves it to the button; without one it is the error', async () => {
  const failing = async (): Promise<ExecResult> => ({ exitCode: 127 })
  const withButton = bench({ command: failing, button: 'works' })
  expect(await withButton.shutDown()).toBe('button')
  expect(withButton.warnings).toEqual(['warning: the shutdown command ended with exit code 127; pressed the power button'])

  const without = bench({ command: failing })
  await expect(without.shutDown()).rejects.toMatchObject({ code: 'COMMAND_FAILED', exitCode: 127 })
  expect(without.done).toEqual(['poweroff'])

  const broken = bench({ command: () => Promise.reject(new Error('no shell')) })
  await expect(broken.shutDown()).rejects.toMatchObject({ code: 'COMMAND_FAILED', message: 'the shutdown command failed: no shell' })
})

test('it can be cancelled, and pulls no plug then', async () => {
  const cancelling = new AbortController()
  const { done, shutDown } = bench({ button: 'is ignored' })
  const shuttingDown = shutDown({ signal: cancelling.signal })
  await expect.poll(() => done).toEqual(['button'])
  cancelling.abort()
  await expect(shuttingDown).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(done).toEqual(['button'])
})
