import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

import type { ShellTransport } from '@imago/core'
import { ImagoError, killProcessTree } from '@imago/core'

import type { RunningProcess } from './running-process.ts'
import { runningProcess } from './running-process.ts'

/** How long a shell may take to end when its input has ended, in milliseconds. */
const closeMs = 200

/** A shell that was started, as core's sessions want it. `ended` says why it is gone. */
export function processTransport(shell: RunningProcess, ended: () => Promise<Error>): ShellTransport {
  const gone = new Promise<void>((resolve) => shell.stdin.once('close', resolve))
  return {
    async write(chunk) {
      if (!shell.stdin.writable || shell.stdin.write(chunk)) return
      await Promise.race([gone, once(shell.stdin, 'drain')])
    },
    onOutput(listener) {
      shell.stdout.on('data', (chunk: Uint8Array) => listener('stdout', chunk))
      shell.stderr.on('data', (chunk: Uint8Array) => listener('stderr', chunk))
    },
    closed: shell.drained.then(ended, (error: unknown) => new ImagoError('DISCONNECTED', 'the shell cannot be started', { cause: error })),
    async close() {
      shell.stdin.end()
      const isOver = await Promise.race([shell.exited.then(() => true), delay(closeMs, false)])
      if (!isOver) await killTree(shell.pid, 0)
      for (const stream of [shell.stdin, shell.stdout, shell.stderr]) stream.destroy()
    },
  }
}

/** Kills a process of this machine and all that it started. A user may kill what runs in the user's own namespaces, whoever it belongs to there. */
export async function killTree(pid: number, graceMs: number): Promise<void> {
  await killProcessTree(openHostShell, { pid, graceMs })
}

async function openHostShell(): Promise<ShellTransport> {
  const child = spawn('/bin/sh', [], { stdio: 'pipe', cwd: '/', env: {} })
  const { stdin, stdout, stderr } = child
  const shell = await runningProcess(child, { stdin, stdout, stderr })
  const ended = new ImagoError('DISCONNECTED', 'the shell that kills processes has ended')
  return {
    ...processTransport(shell, () => Promise.resolve(ended)),
    async close() {
      stdin.end()
      await shell.exited
    },
  }
}
