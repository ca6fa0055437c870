import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Communicator, ExecOptions } from '@imago/core'
import { provisionContext } from '@imago/testing'
import { onTestFinished } from 'vitest'

import type { WinrmStandIn, WinrmStandInOptions } from '../src/stand-in.ts'
import { startWinrmStandIn } from '../src/stand-in.ts'
import type { WinrmContext } from '../src/winrm-communicator.ts'
import { winrmCommunicator } from '../src/winrm-communicator.ts'
import type { WinrmOptions } from '../src/winrm-options.ts'

/** The password of the stand-ins. */
export const password = 'correct horse'

/** A folder that is gone after the test. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'imago-winrm-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A stand-in that ends with the test. */
export async function standIn(options: Partial<WinrmStandInOptions> = {}): Promise<WinrmStandIn> {
  const machine = await startWinrmStandIn({ directory: await temporaryDirectory(), password, ...options })
  onTestFinished(() => machine[Symbol.asyncDispose]())
  return machine
}

/** Options that lead to a stand-in. */
export function waysTo({ host, port }: WinrmStandIn, options: Partial<WinrmOptions> = {}): WinrmOptions {
  return { host, port, password, timeout: '20s', loginAttempts: 1, ...options }
}

/** A communicator that is closed with the test. */
export async function connect(
  machine: WinrmStandIn,
  options: Partial<WinrmOptions> = {},
  ctx: WinrmContext = provisionContext(),
): Promise<Communicator> {
  const communicator = await winrmCommunicator(waysTo(machine, options), ctx)
  onTestFinished(() => communicator[Symbol.asyncDispose]())
  return communicator
}

/** What a command says, and how it ends. */
export async function outcome(
  machine: Communicator,
  command: string | readonly string[],
  options: ExecOptions = {},
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  const said: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] }
  const { exitCode } = await machine.exec(command, { ...options, onOutput: (stream, chunk) => said[stream].push(chunk) })
  return { exitCode, stdout: Buffer.concat(said.stdout).toString('utf8'), stderr: Buffer.concat(said.stderr).toString('utf8') }
}
