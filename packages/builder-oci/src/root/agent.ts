import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'

import { abortError } from '@imago/core'

import { runTool } from '../host/run-tool.ts'
import { DiskAttributes } from '../tree/attributes.ts'
import type { OverlayDirectories } from '../tree/local-tree.ts'
import { LocalTree } from '../tree/local-tree.ts'
import type { Call } from '../tree/tree.ts'
import type { AgentMethods, HelperRequest, SandboxRequest } from './agent-methods.ts'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

/**
 * What does the work on a root: it runs in a process of its own, which is root of the root's user namespace, so that it may give files
 * to anybody there and mount things that nobody else sees.
 */
export class Agent extends LocalTree implements AgentMethods {
  readonly #directory: string
  #sandbox: Sandbox | undefined

  /** @param directory the root's own: empty, absolute */
  constructor(directory: string) {
    super({ directory, attributes: new DiskAttributes(), mountOverlay: (overlay) => mountOverlay(overlay, directory) })
    this.#directory = directory
  }

  async startSandbox(request: SandboxRequest, _call: Call): Promise<{ readonly pid: number }> {
    this.#sandbox = await startSandbox({ ...request, directory: this.#directory })
    return { pid: this.#sandbox.pid }
  }

  async stopSandbox(_request: null, _call: Call): Promise<void> {
    await this.#sandbox?.stop()
    this.#sandbox = undefined
  }

  async runHelper({ command, env }: HelperRequest, { signal }: Call): Promise<{ readonly exitCode: number }> {
    const isolate = [
      '--pdeathsig',
      'KILL',
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      '--propagation',
      'private',
    ]
    const child = spawn('setpriv', [...isolate, ...command], { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] })
    const kill = (): void => void child.kill('SIGKILL')
    signal.addEventListener('abort', kill)
    const [code, name]: unknown[] = await once(child, 'exit')
    signal.removeEventListener('abort', kill)
    if (signal.aborted) throw abortError(signal)
    return { exitCode: typeof code === 'number' ? code : 128 + constants.signals[name as NodeJS.Signals] } // one of the two is given
  }
}

/**
 * With names relative to `directory`: absolute ones may hold what separates options. Nothing is synced to disk (`volatile`), neither when
 * a step asks for it nor when the overlay goes: the directory lives no longer than the build.
 */
async function mountOverlay(overlay: OverlayDirectories, directory: string): Promise<void> {
  const relative = (path: string): string => path.slice(directory.length + 1)
  const lower = overlay.lower.map(relative).join(':')
  const options = `lowerdir=${lower},upperdir=${relative(overlay.upper)},workdir=${relative(overlay.work)},userxattr,volatile,nodev`
  const signal = new AbortController().signal
  await runTool('mount', ['-t', 'overlay', 'overlay', '-o', options, relative(overlay.merged)], { signal, cwd: directory })
}
