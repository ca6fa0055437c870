import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import type { OutputSink } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { AgentMethods } from './agent-methods.ts'
import type { IdMap } from './id-map.ts'
import { startIsolated } from './isolated-process.ts'
import type { Message } from './rpc.ts'
import { RpcClient } from './rpc.ts'

/** The agent as Node can run it: beside this file, or in `dist` while this file is TypeScript. */
const agentPath = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/agent-main.js' : './agent-main.js', import.meta.url))

/** How much of an agent's last words is kept, in characters. */
const lastWords = 2000

/** A running agent. Disposing of it kills it, and whatever it started. */
export class AgentProcess implements AsyncDisposable {
  readonly client: RpcClient<AgentMethods>
  readonly ids: IdMap
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #output: OutputSink | undefined
  #said = ''

  private constructor(child: ChildProcess, ids: IdMap) {
    this.#child = child
    this.ids = ids
    this.client = new RpcClient({
      send: (message) => void child.send(message, () => undefined), // that it is gone is told below
      onMessage: (listener) => child.on('message', (message) => listener(message as Message)), // the agent sends nothing else
    })
    child.stdout?.on('data', (chunk: Uint8Array) => this.#output?.('stdout', chunk))
    child.stderr?.on('data', (chunk: Uint8Array) => this.#hear(chunk))
    this.#ended = hasEnded(child) ? Promise.resolve() : once(child, 'exit')
    void this.#ended.then(() => this.client.lose(this.#lost()))
  }

  /**
   * Starts an agent for an empty directory.
   * @throws ImagoError `UNSUPPORTED` when the system allows no user namespace, `TOOL_MISSING`
   */
  static async start(directory: string, ids: IdMap, signal: AbortSignal): Promise<AgentProcess> {
    const command = [process.execPath, agentPath, directory]
    return new AgentProcess(await startIsolated({ command, cwd: directory, ids, channel: true, signal }), ids)
  }

  /** Receives what helpers say from now on. */
  listen(output: OutputSink): void {
    this.#output = output
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #hear(chunk: Uint8Array): void {
    this.#output?.('stderr', chunk)
    this.#said = `${this.#said}${Buffer.from(chunk).toString()}`.slice(-lastWords)
  }

  #lost(): ImagoError {
    return new ImagoError(
      'MACHINE_LOST',
      'the root is gone: its agent has ended',
      this.#said === '' ? {} : { cause: new Error(this.#said) },
    )
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
