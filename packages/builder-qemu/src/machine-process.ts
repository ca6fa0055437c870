import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { constants } from 'node:os'

import { ImagoError, messageOf, systemCode } from '@imago/core'

import { toolMissing } from './run-tool.ts'

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number
  /** The signal that ended it. */
  readonly signal?: NodeJS.Signals
  /** What it wrote to its standard error, without the program's name before each line. */
  readonly words: string
}

/** A program that runs on its own: it outlives this process when it is left alone. */
export interface DetachedProcess {
  readonly pid: number
  readonly ended: Promise<ProcessEnd>
  /** Nobody waits for its end any more: it does not keep this process from ending. */
  leave(): void
}

/**
 * Starts a program that does not end with this process, nor with its terminal.
 * @param log absolute path of a file for what it prints; the folder exists
 * @throws ImagoError `TOOL_MISSING` when there is no such program, `PROVIDER_FAILED` when it cannot be started
 */
export async function startDetached(command: readonly string[], log: string): Promise<DetachedProcess> {
  const [program = '', ...args] = command
  const file = await open(log, 'a', 0o600)
  try {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', file.fd, file.fd] })
    const exited = new Promise<{ readonly code: number | null; readonly name: NodeJS.Signals | null }>((resolve) => {
      child.once('exit', (code, name) => resolve({ code, name }))
    })
    await once(child, 'spawn')
    const { pid } = child
    if (pid === undefined) throw new ImagoError('INTERNAL', `'${program}' was started without a process id`)
    const ended = exited.then(async ({ code, name }) => ({
      exitCode: code ?? 128 + (name === null ? 0 : constants.signals[name]),
      ...(name !== null && { signal: name }),
      words: await wordsOf(log, program),
    }))
    return { pid, ended, leave: () => child.unref() }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw toolMissing(program, error)
    if (systemCode(error) === undefined) throw error
    throw new ImagoError('PROVIDER_FAILED', `'${program}' cannot be started: ${messageOf(error)}`, { cause: error })
  } finally {
    await file.close()
  }
}

/** The end of what a program has printed. */
async function wordsOf(log: string, program: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '') // its folder is gone with the machine
  const name = program.split('/').at(-1) ?? program
  return text
    .split('\n')
    .map((line) => (line.startsWith(`${name}: `) ? line.slice(name.length + 2) : line))
    .join('\n')
    .trim()
    .slice(-2000)
}
