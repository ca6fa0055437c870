import type { ExecOptions } from '@imago/core'
import { abortError, ImagoError, isImagoError, timeLimit, wait } from '@imago/core'

import type { Operation } from './envelope.ts'
import { isTimedOut, WinrmFault } from './fault.ts'
import { pieces } from './pieces.ts'
import type { WinrmClient } from './winrm-client.ts'
import type { XmlElement } from './xml.ts'
import { escapeXml, findElement } from './xml.ts'

/** Where commands of a shell run. */
export interface ShellPlace {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | undefined
}

/** How a command runs in a shell. */
export interface ShellCommand extends Required<Pick<ExecOptions, 'onOutput' | 'signal'>> {
  readonly stdin: NonNullable<ExecOptions['stdin']>
}

/** How long the machine may take for what it does at once, in seconds. */
const promptSeconds = 60
/** How long the machine waits for output before it says that there is none, in seconds. */
const pollSeconds = 20
/** How long a command may take to end by itself when it is told to, in milliseconds. */
const graceMs = 2000
/** How long ending what runs may take, in milliseconds. */
const endMs = 3000

const shellUri = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'

/** A remote shell of Windows (MS-WSMV): a process that runs commands, one at a time. */
export class RemoteShell {
  readonly #client: WinrmClient
  readonly #id: string
  readonly #inputBytes: number
  /** The last command is being put away. */
  #tidied: Promise<unknown> = Promise.resolve()
  #isUsable = true

  private constructor(client: WinrmClient, id: string, inputBytes: number) {
    this.#client = client
    this.#id = id
    this.#inputBytes = inputBytes
  }

  /** @param inputBytes how much input the machine takes at once. @throws as {@link WinrmClient.request} does */
  static async create(client: WinrmClient, { env, cwd }: ShellPlace, inputBytes: number, signal: AbortSignal): Promise<RemoteShell> {
    const variables = Object.entries(env).map(
      ([name, value]) => `<rsp:Variable Name="${escapeXml(name)}">${escapeXml(value)}</rsp:Variable>`,
    )
    const answer = await client.request(
      'cannot open a shell in the machine',
      {
        operation: 'create',
        options: { WINRS_NOPROFILE: 'FALSE', WINRS_CODEPAGE: '65001' },
        timeoutSeconds: promptSeconds,
        body:
          `<rsp:Shell>${variables.length === 0 ? '' : `<rsp:Environment>${variables.join('')}</rsp:Environment>`}` +
          (cwd === undefined ? '' : `<rsp:WorkingDirectory>${escapeXml(cwd)}</rsp:WorkingDirectory>`) +
          '<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>',
      },
      signal,
    )
    const id = findElement(answer, 'ShellId')?.text ?? findElement(answer, 'Selector')?.text
    if (id === undefined) throw new ImagoError('NETWORK', `${client.target} has opened a shell and does not say which`)
    return new RemoteShell(client, id, inputBytes)
  }

  /** Whether it can run a command. */
  get isUsable(): boolean {
    return this.#isUsable
  }

  /** Begins a command. @throws as {@link WinrmClient.request} does; then nothing has begun */
  async begin(line: string, signal: AbortSignal): Promise<string> {
    await this.#tidied
    const body = `<rsp:CommandLine><rsp:Command>${escapeXml(line)}</rsp:Command></rsp:CommandLine>`
    // console mode is for keys that somebody presses: input would be no bytes then, and would have no end
    const options = { WINRS_CONSOLEMODE_STDIN: 'FALSE', WINRS_SKIP_CMD_SHELL: 'FALSE' }
    const answer = await this.#ask('command', body, signal, options)
    const id = findElement(answer, 'CommandId')?.text
    if (id === undefined) throw new ImagoError('NETWORK', `${this.#client.target} has begun a command and does not say which`)
    return id
  }

  /** Waits for the end of a command. When the signal ends it, nothing of it is left. @returns its exit code */
  async finish(id: string, { stdin, onOutput, signal }: ShellCommand): Promise<number> {
    const life = new AbortController()
    let isWanted = true
    const output: ShellCommand['onOutput'] = (stream, chunk) => (isWanted ? onOutput(stream, chunk) : undefined)
    const ended = this.#receive(id, output, life.signal)
    const fed = this.#feed(id, stdin, AbortSignal.any([signal, life.signal]), ended)
    const aborted = new Promise<never>((_, reject) => {
      const stop = (): void => reject(abortError(signal))
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { signal: life.signal })
    })
    try {
      const exitCode = await Promise.race([ended, aborted, fed.then(() => ended)])
      this.#tidied = this.#signal(id, 'terminate', life.signal).catch(() => (this.#isUsable = false))
      void this.#tidied.then(() => life.abort())
      return exitCode
    } catch (error) {
      isWanted = false
      this.#isUsable = false
      if (!isImagoError(error, 'NETWORK')) await this.#end(id, ended)
      life.abort()
      throw error
    } finally {
      isWanted = false
      aborted.catch(() => undefined)
      fed.catch(() => undefined)
      ended.catch(() => undefined)
    }
  }

  /** Ends the shell with all that runs in it. */
  async close(): Promise<void> {
    this.#isUsable = false
    await this.#ask('delete', '', timeLimit(endMs)).catch(() => undefined) // it is gone already, or the machine is
  }

  /** Ends a command: it is told to, as by Ctrl-C; then the machine ends it, and the shell with all that it has begun. */
  async #end(id: string, ended: Promise<unknown>): Promise<void> {
    const late = timeLimit(endMs)
    const told = this.#signal(id, 'ctrl_c', late).then(() => ended)
    await Promise.race([told, wait(graceMs, late)]).catch(() => undefined) // it is ended anyhow
    await this.#signal(id, 'terminate', late).catch(() => undefined)
    await this.close()
  }

  /** @returns the exit code */
  async #receive(id: string, onOutput: ShellCommand['onOutput'], signal: AbortSignal): Promise<number> {
    const body = `<rsp:Receive><rsp:DesiredStream CommandId="${escapeXml(id)}">stdout stderr</rsp:DesiredStream></rsp:Receive>`
    for (;;) {
      const answer = await this.#ask('receive', body, signal).catch(unlessTimedOut)
      const response = answer === undefined ? undefined : findElement(answer, 'ReceiveResponse')
      if (response === undefined) continue
      for (const { name, attributes, text } of response.children) {
        const stream = attributes['Name']
        if (name !== 'Stream' || (stream !== 'stdout' && stream !== 'stderr') || text === '') continue
        onOutput(stream, Buffer.from(text, 'base64'))
      }
      const state = findElement(response, 'CommandState')
      if (state?.attributes['State']?.endsWith('/Done') === true) return exitCodeIn(state)
    }
  }

  /** Sends the input, and that it has an end. A command that does not read it to its end has its reasons. */
  async #feed(id: string, stdin: ShellCommand['stdin'], signal: AbortSignal, ended: Promise<unknown>): Promise<void> {
    let isOver: boolean = false
    ended.then(
      () => (isOver = true),
      () => (isOver = true),
    )
    try {
      for await (const { bytes, isLast } of pieces(stdin, this.#inputBytes)) {
        if (isOver) return
        const end = isLast ? ' End="true"' : ''
        const stream = `<rsp:Stream Name="stdin" CommandId="${escapeXml(id)}"${end}>${Buffer.from(bytes).toString('base64')}</rsp:Stream>`
        await this.#ask('send', `<rsp:Send>${stream}</rsp:Send>`, signal)
      }
    } catch (error) {
      if (!(error instanceof WinrmFault)) throw error
      // nobody reads it any more, when the command has ended: then that is about to be told
      await Promise.race([ended, wait(endMs, signal)]).catch(() => undefined)
      if (!isOver) throw error
    }
  }

  async #signal(id: string, code: 'ctrl_c' | 'terminate', signal: AbortSignal): Promise<void> {
    const body = `<rsp:Signal CommandId="${escapeXml(id)}"><rsp:Code>${shellUri}/signal/${code}</rsp:Code></rsp:Signal>`
    await this.#ask('signal', body, signal)
  }

  async #ask(operation: Operation, body: string, signal: AbortSignal, options?: Readonly<Record<string, string>>): Promise<XmlElement> {
    return await this.#client.request(
      'the machine cannot run the command',
      {
        operation,
        shellId: this.#id,
        ...(options !== undefined && { options }),
        timeoutSeconds: operation === 'receive' ? pollSeconds : promptSeconds,
        body,
      },
      signal,
    )
  }
}

function unlessTimedOut(error: unknown): undefined {
  if (error instanceof WinrmFault && isTimedOut(error.fault)) return undefined
  throw error
}

/** Windows' exit codes have 32 bits, and some servers take the first for a sign. */
function exitCodeIn(state: XmlElement): number {
  const code = Number(findElement(state, 'ExitCode')?.text ?? Number.NaN)
  if (!Number.isInteger(code)) throw new ImagoError('NETWORK', 'a command has ended, and the machine does not say how')
  return code < 0 ? code >>> 0 : code
}
