import { setTimeout as delay } from 'node:timers/promises'

import type { ShellTransport } from '@imago/core'
import { ImagoError, isImagoError, messageOf } from '@imago/core'
import type { RunningExec } from '@imago/docker-engine'
import { containerLost } from '@imago/docker-engine'

import type { BuildContainer } from './build-container.ts'

/** Milliseconds for which a container that is being killed may still be called running by its engine. */
const lagMs = 800

/** What {@link openShell} takes. */
export interface OpenShellOptions {
  /** Path of the shell. */
  readonly shell: string
  /** @default the container's own settings */
  readonly root?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Starts a shell in a container, in its working directory and with its environment, or as root with nothing. */
export async function openShell(container: BuildContainer, { shell, root = false, signal }: OpenShellOptions): Promise<ShellTransport> {
  let listener: Parameters<ShellTransport['onOutput']>[0] | undefined
  const settings = root ? { user: '0:0', cwd: '/' } : { user: container.user, cwd: container.workdir, env: container.env }
  let firstWords = ''
  const process = await container.engine.containers.exec(container.name, {
    command: [shell],
    ...settings,
    stdin: true,
    signal,
    onOutput: (stream, chunk) => {
      if (firstWords.length < 500) firstWords += Buffer.from(chunk.subarray(0, 500)).toString()
      listener?.(stream, chunk)
    },
  })
  const { stdin, ended } = process
  let isClosed = false
  return {
    onOutput: (take) => void (listener = take),
    write: async (chunk) => {
      if (stdin.destroyed || stdin.write(chunk)) return
      await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), ended])
    },
    closed: ended.then(async () => {
      if (isClosed) return shellClosed(container)
      return (await whyItNeverRan(container, process, firstWords)) ?? (await whyItEnded(container))
    }),
    async close() {
      isClosed = true
      process.close()
      await ended
    },
  }
}

/** The error of a shell that was closed by us. */
export function shellClosed({ name }: BuildContainer): ImagoError {
  return new ImagoError('DISCONNECTED', `the connection to container ${name} was closed`)
}

/** The error of a shell that could not be started, which the engine says by an exit code, and in the output; else `undefined`. */
async function whyItNeverRan({ name }: BuildContainer, process: RunningExec, said: string): Promise<ImagoError | undefined> {
  const exitCode = await process.exitCode().catch(() => undefined)
  if (exitCode !== 126 && exitCode !== 127) return undefined
  return new ImagoError('PROVIDER_FAILED', `cannot open a shell in container ${name}: ${said.trim()}`, {
    hint: 'check the options user, workdir and shell',
  })
}

/** Why a shell has ended that was not asked to: the container is gone, or something killed the shell. */
async function whyItEnded(container: BuildContainer): Promise<ImagoError> {
  try {
    return (
      (await lossOf(container)) ??
      new ImagoError('DISCONNECTED', `the shell in container ${container.name} has ended`, {
        hint: 'did a command kill it? $$ is its process id',
      })
    )
  } catch (error) {
    if (isImagoError(error, 'MACHINE_LOST')) return error
    return new ImagoError('DISCONNECTED', `the connection to container ${container.name} broke: ${messageOf(error)}`, { cause: error })
  }
}

/** The error of a container that no longer runs; `undefined` when it does run, and goes on running for so many milliseconds. */
export async function lossOf({ engine, name }: BuildContainer, withinMs: number = lagMs): Promise<ImagoError | undefined> {
  const until = performance.now() + withinMs
  for (let waitMs = 10; ; waitMs *= 2) {
    const details = await engine.containers.inspect(name)
    if (details?.running !== true) return containerLost(name, details)
    if (performance.now() >= until) return undefined
    await delay(Math.min(waitMs, Math.max(until - performance.now(), 0)))
  }
}
