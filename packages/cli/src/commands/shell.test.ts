import { Readable } from 'node:stream'

import type { Provisioner } from '@imago/core'
import { defineImage, plan, run } from '@imago/core'
import { fakeBuilder, fakeMachine } from '@imago/testing'
import type { FakeMachine } from '@imago/testing'
import { describe, expect, test } from 'vitest'

import type { FakeHost } from '../../test/fake-host.ts'
import { fakeOutput } from '../../test/fake-host.ts'
import { hostWithImage } from '../../test/image-folder.ts'
import { main } from '../main.ts'

interface Visited {
  readonly code: number
  readonly host: FakeHost
  /** What was run in the machine, the shell as `shell:` with what was typed. */
  readonly commands: readonly string[]
  /** Whether the terminal was handed over byte by byte, once for each shell. */
  readonly opened: readonly boolean[]
  readonly shown: string
  readonly phases: readonly string[]
}

interface VisitOptions {
  readonly machine?: FakeMachine
  readonly isTerminal?: boolean
}

function step(command: string, only?: 'one' | 'two'): Provisioner<'one' | 'two'> {
  return {
    kind: 'provisioner',
    type: 'run',
    title: command,
    options: { command },
    ...(only && { only: [only] }),
    provision: async ({ machine, signal }) => {
      const { exitCode } = await machine.exec(command, { signal })
      if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}`)
    },
  }
}

/** Runs `imago shell`, with a user who types `exit`. */
async function visit(args: readonly string[], { machine = fakeMachine(), isTerminal = true }: VisitOptions = {}): Promise<Visited> {
  const opened: boolean[] = []
  let shown = ''
  machine.on(/exec "\$shell" -i/, { stdout: 'a prompt' })
  const one = fakeBuilder({ machine })
  const image = defineImage({
    name: 'cow',
    builders: { one, two: fakeBuilder() },
    provisioners: [step('first'), step('for the other', 'two'), step('second'), step('third')],
  })
  const host = await hostWithImage(image, {
    core: { run, plan },
    stdout: fakeOutput({ isTerminal, columns: 132, rows: 50 }),
    ...(isTerminal && { keys: [] }),
    terminal: {
      open(raw) {
        opened.push(raw)
        return {
          input: Readable.from(['exit\n']),
          write: (bytes) => (shown += Buffer.from(bytes).toString()),
          [Symbol.dispose]: () => undefined,
        }
      },
    },
  })
  const code = await main(['shell', ...args], host)
  const commands = machine.commands.map(({ command, stdin }) => `${stdin === 'exit\n' ? 'shell: ' : ''}${String(command)}`)
  return { code, host, commands: commands.filter((command) => !command.startsWith('command -v')), opened, shown, phases: one.phases }
}

const inTerminal = expect.stringMatching(/^shell: .*script -qc 'stty rows 50 cols 132 /) as unknown

describe('imago shell', () => {
  test('runs the steps, opens a shell in the machine, and makes nothing of it', async () => {
    const { code, commands, opened, shown, phases, host } = await visit(['one'])
    expect(commands).toEqual(['first', 'second', 'third', inTerminal])
    expect([code, opened, shown]).toEqual([0, [true], 'a prompt'])
    expect(phases).toEqual(['create', 'provision', 'destroy'])
    expect(host.stderr.text).toContain('this is the machine; exit leaves it')
  })

  test.each([
    ['its place', 'provisioners[2]'],
    ['its title', 'second'],
  ])('opens after a step that is named by %s', async (_, name) => {
    const { commands } = await visit(['image.ts', 'one', '--after', name])
    expect(commands).toEqual(['first', 'second', inTerminal])
  })

  test('opens in the machine as a step that fails has left it, and the step has still failed', async () => {
    const machine = fakeMachine().on('second', { exitCode: 4 })
    const { code, commands, phases, host } = await visit(['one'], { machine })
    expect(commands).toEqual(['first', 'second', inTerminal])
    expect(code).toBe(1)
    expect(host.stdout.text).toContain('second ended with 4')
    expect(phases.at(-1)).toBe('destroy')
  })

  test('does with a shell that has no terminal where the machine has no program for one', async () => {
    const machine = fakeMachine().on(/command -v script/, { exitCode: 1 })
    const { code, commands, opened } = await visit(['one', '--after', 'first'], { machine })
    expect(commands).toEqual(['first', expect.stringMatching(/^shell: .*exec "\$shell" -i 2>&1$/)])
    expect([code, opened]).toEqual([0, [false]])
  })

  test('is cmd.exe on Windows', async () => {
    const { code, commands, opened } = await visit(['one', '--after', 'first'], { machine: fakeMachine({ platform: 'windows' }) })
    expect(commands).toEqual(['first', 'shell: cmd'])
    expect([code, opened]).toEqual([0, [false]])
  })

  test.each([
    [['other'], "there is no build 'other'"],
    [[], 'which build is meant?'],
    [['one', '--after', 'secund'], "there is no step 'secund'"],
    [['image.ts', 'one', 'two'], "one build at a time: 'two' is too much"],
  ])('%j is an error: %s', async (args, message) => {
    const { code, host, commands } = await visit(args)
    expect(code).toBe(2)
    expect(host.stderr.text).toContain(message)
    expect(commands).toEqual([])
  })

  test('needs a terminal', async () => {
    const { code, host } = await visit(['one'], { isTerminal: false })
    expect(code).toBe(2)
    expect(host.stderr.text).toContain('a shell needs a terminal')
  })
})
