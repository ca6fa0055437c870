import { mkdir } from 'node:fs/promises'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { Drive } from './drive.ts'
import type { Job, JobHandler } from './job.ts'
import type { EndpointRules } from './endpoint.ts'
import { Endpoint } from './endpoint.ts'
import { Programs } from './programs.ts'
import { Faulty, ShellService } from './shell-service.ts'

/** What {@link startWinrmStandIn} takes. */
export interface WinrmStandInOptions {
  /** The folder that is the machine's drive C:. */
  readonly directory: string
  /** @default Administrator */
  readonly user?: string
  readonly password: string
  /** @default a free one */
  readonly port?: number
  /** A key and its certificate (PEM): HTTPS. @default HTTP */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** The logins that it takes. @default both */
  readonly auth?: readonly ('basic' | 'ntlm')[]
  /** Whether it takes what everybody can read. @default true */
  readonly allowUnencrypted?: boolean
  /** How many commands a shell takes. @default 1000 */
  readonly operationsPerShell?: number
  /** How many shells there may be. @default 30 */
  readonly shells?: number
}

/** A fault, as WinRM says it. */
export interface StandInFault {
  /** `AccessDenied`, `QuotaLimit`. */
  readonly subcode: string
  /** The number of WinRM, or of Windows. */
  readonly code: number
  readonly text: string
}

/** A Windows machine with WinRM, as far as a folder and a few commands can stand for one. */
export interface WinrmStandIn extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly drive: Drive
  /** The command lines that came, in order. */
  readonly lines: readonly string[]
  /** How often each operation was asked for: `Create`, `Command`, `Receive`, `Send`, `Signal`, `Delete`, `Identify`. */
  readonly operations: ReadonlyMap<string, number>
  /** How many shells are open. */
  readonly openShells: number
  /** How many connections were made. */
  readonly connections: number
  /** How often it was restarted. */
  readonly restarts: number
  /** Says what a command does whose line, or whose encoded script, matches. The one said last counts. */
  on(pattern: RegExp, handler: JobHandler): this
  /** Answers the next request of this kind (`Create`, `Command`, …) with a fault. */
  failNext(operation: string, fault: StandInFault): void
  /** Breaks all connections. */
  breakConnections(): void
  /** Ends all shells, and leaves the connections. */
  endShells(): void
  /** Goes down, with all that runs, and comes back after so many milliseconds. */
  restart(downMs: number): Promise<void>
}

/**
 * Starts an endpoint that speaks WS-Management as WinRM does, and stands for a Windows machine in tests: HTTP or HTTPS, Basic, and NTLM
 * with messages that are encrypted; shells with limits; faults. It runs a few commands of `cmd.exe` on a folder, and what the
 * communicator's own scripts do; it interprets no PowerShell. Tests say with `on` what other commands do.
 * @example
 * await using machine = await startWinrmStandIn({ directory, password: 'word' })
 * machine.on(/^powershell -File /, (job) => { job.write('stdout', 'hello\r\n'); return 0 })
 */
export async function startWinrmStandIn(options: WinrmStandInOptions): Promise<WinrmStandIn> {
  await mkdir(join(options.directory, 'Windows', 'Temp'), { recursive: true })
  await mkdir(join(options.directory, 'Users', 'Administrator', 'AppData', 'Local', 'Temp'), { recursive: true })
  const machine = new StandIn(options)
  await machine.listen(options.port ?? 0)
  return machine
}

class StandIn implements WinrmStandIn {
  readonly host = '127.0.0.1'
  readonly drive: Drive
  readonly #options: WinrmStandInOptions
  readonly #programs: Programs
  readonly #shells: ShellService
  readonly #endpoint: Endpoint
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  #connections = 0

  constructor(options: WinrmStandInOptions) {
    const { directory, user = 'Administrator', password, auth = ['basic', 'ntlm'], operationsPerShell = 1000, shells = 30 } = options
    const isOpen = options.tls === undefined && options.allowUnencrypted !== false
    const rules: EndpointRules = { user, password, auth, isEncrypted: options.tls !== undefined, allowsPlain: isOpen }
    this.#options = options
    this.drive = new Drive(directory)
    this.#programs = new Programs(() => void this.restart(300))
    this.#shells = new ShellService(this.drive, { operationsPerShell, shells }, async (job: Job) => await this.#programs.run(job))
    this.#endpoint = new Endpoint(rules, this.#shells)
  }

  get port(): number {
    return this.#port
  }

  get lines(): readonly string[] {
    return this.#shells.lines
  }

  get operations(): ReadonlyMap<string, number> {
    return this.#endpoint.operations
  }

  get openShells(): number {
    return this.#shells.size
  }

  get connections(): number {
    return this.#connections
  }

  get restarts(): number {
    return this.#programs.starts - 1
  }

  on(pattern: RegExp, handler: JobHandler): this {
    this.#programs.on(pattern, handler)
    return this
  }

  failNext(operation: string, { subcode, code, text }: StandInFault): void {
    this.#endpoint.failNext(operation, new Faulty(subcode, code, text))
  }

  breakConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  endShells(): void {
    this.#shells.clear()
  }

  async restart(downMs: number): Promise<void> {
    this.#programs.starts++
    await this.#close()
    await delay(downMs)
    await this.listen(this.#port)
  }

  async listen(port: number): Promise<void> {
    const answer: RequestListener = (request, response) => void this.#endpoint.answer(request, response)
    const { tls } = this.#options
    const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer)
    server.on('connection', (socket: Socket) => {
      this.#connections++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.keepAliveTimeout = 120_000
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, this.host, resolve)
    })
    const address = server.address()
    this.#port = typeof address === 'object' && address !== null ? address.port : port
    this.#server = server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  async #close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#shells.clear()
    if (server === undefined) return
    const closed = new Promise((resolve) => server.close(resolve))
    this.breakConnections()
    await closed
  }
}
