import { readFile } from 'node:fs/promises'

import type { OutputSink } from '@imago/core'
import { ImagoError } from '@imago/core'

import { requireProgram } from '../host/programs.ts'
import { basePathIn } from '../tree/local-tree.ts'
import type { Call, SealedTree, Tree } from '../tree/tree.ts'
import type { HelperRequest } from './agent-methods.ts'
import { AgentProcess } from './agent-process.ts'
import { findHostTools, innerTools } from './host-tools.ts'
import type { IdMap } from './id-map.ts'
import { InnerProcesses } from './inner-processes.ts'
import { explainNamespaces } from './namespace-limits.ts'
import { commandsLimit, overlayLimit, subordinateIdsHint, usersLimit } from './root-limits.ts'
import { remoteTree } from './remote-tree.ts'
import type { Machine, MachineOptions, Root, RootLimit } from './root.ts'
import { RootCommunicator } from './root-communicator.ts'
import { mountPoints, toolDirectory } from './sandbox.ts'

/** A root in namespaces of its own: Linux only, as root or as anybody. An agent works on its files; its commands see nothing but the root. */
export class NamespacedRoot implements Root {
  readonly tree: Tree
  readonly basePath: string
  readonly #agent: AgentProcess
  readonly #directory: string

  private constructor(directory: string, agent: AgentProcess) {
    this.#directory = directory
    this.#agent = agent
    this.tree = remoteTree(agent.client)
    this.basePath = basePathIn(directory)
  }

  /**
   * @param directory empty, absolute
   * @throws ImagoError `UNSUPPORTED` when the system allows no user namespace with these ids, `TOOL_MISSING`
   */
  static async open(directory: string, ids: IdMap, signal: AbortSignal): Promise<NamespacedRoot> {
    return new NamespacedRoot(directory, await AgentProcess.start(directory, ids, signal))
  }

  async start(options: MachineOptions, signal: AbortSignal): Promise<Machine> {
    const sealed = await this.tree.seal(mountPoints, { signal })
    const processes = await this.#tryProcesses(sealed, await this.#withFolder(options, signal), signal)
    const isAlive = (): Promise<boolean> => this.#isAlive(processes)
    return {
      connect: () => new RootCommunicator({ tree: this.tree, processes, isAlive }),
      stop: (stopSignal) => this.#agent.client.call('stopSandbox', null, { signal: stopSignal }),
      limits: this.#limits(sealed, processes),
    }
  }

  async runHelper(request: HelperRequest & { readonly output: OutputSink }, call: Call): Promise<{ readonly exitCode: number }> {
    if (this.#agent.ids.kind === 'single') {
      throw new ImagoError('UNSUPPORTED', 'this needs files of several users, and there is only root here', { hint: subordinateIdsHint })
    }
    const { output, command, env } = request
    this.#agent.listen(output)
    return await this.#agent.client.call('runHelper', { command, env }, call)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#agent[Symbol.asyncDispose]()
  }

  async #tryProcesses(sealed: SealedTree, options: MachineOptions, signal: AbortSignal): Promise<InnerProcesses | ImagoError> {
    try {
      return await this.#startProcesses(sealed, options, signal)
    } catch (error) {
      if (signal.aborted) throw error
      return await explainNamespaces(error)
    }
  }

  async #startProcesses(sealed: SealedTree, options: MachineOptions, signal: AbortSignal): Promise<InnerProcesses> {
    const [tools, nsenter, resolvConf] = await Promise.all([
      findHostTools(['setpriv', 'env', 'umount'], signal),
      requireProgram('nsenter', "install 'util-linux'"),
      readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
    ])
    const request = { root: sealed.root, places: sealed.mountPoints, tools, resolvConf }
    const { pid } = await this.#agent.client.call('startSandbox', request, { signal })
    return new InnerProcesses({
      ...options,
      pid,
      nsenter,
      directory: this.#directory,
      tools: innerTools(tools, toolDirectory),
      groups: this.#agent.ids.kind !== 'single',
    })
  }

  /** A base may name a folder that it does not have: engines make it when a container starts. */
  async #withFolder(options: MachineOptions, signal: AbortSignal): Promise<MachineOptions> {
    const folder = await this.tree.stat(options.cwd, { signal })
    return folder?.kind === 'directory' ? options : { ...options, cwd: '/' }
  }

  async #isAlive(processes: InnerProcesses | ImagoError): Promise<boolean> {
    return processes instanceof ImagoError || (await isRunning(processes.pid))
  }

  #limits(sealed: SealedTree, processes: InnerProcesses | ImagoError): RootLimit[] {
    const limits: RootLimit[] = []
    if (processes instanceof ImagoError) limits.push(commandsLimit(processes))
    if (this.#agent.ids.kind === 'single') limits.push(usersLimit)
    if (sealed.changes === 'comparison') limits.push(overlayLimit(sealed.reason))
    return limits
  }
}

/** A flag in proc_pid_stat(5): PF_EXITING of the kernel. The first process of a namespace has it while the others are being killed. */
const exiting = 0x4

async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  const [state, , , , , , flags] = status.slice(status.lastIndexOf(')') + 2).split(' ')
  return state !== undefined && /^[^ZX]$/.test(state) && (Number(flags) & exiting) === 0
}
