import type { Duplex } from 'node:stream'

import type { Connection } from '@imago/core'
import { ImagoError, reveal } from '@imago/core'

import { defaultAlgorithms } from './algorithms.ts'
import type { Address, HandshakeOptions, SshConnection } from './connection.ts'
import { agentSocket, loadCredentials } from './credentials.ts'
import { dialTcp } from './dial.ts'
import type { Told } from './first-answer.ts'
import { often, sparingly } from './eager-limit.ts'
import { firstAnswer } from './first-answer.ts'
import type { HostKeys } from './host-keys.ts'
import { loadHostKeys } from './host-keys.ts'
import { dialSocks5 } from './socks5.ts'
import { serverFor } from './server-for-others.ts'
import { loadSsh2, openConnection } from './ssh2-connection.ts'
import type { SshAccess, SshLogin, SshOptions } from './ssh-options.ts'
import { timings } from './timings.ts'

/** Milliseconds from a server's first words to a login: a machine without hardware help takes seconds for it. */
const handshakeMs = 60_000

/** What {@link Route} needs of a context. */
export interface RouteContext {
  /** Relative paths of the options are relative to this folder. */
  readonly directory: string
  maskSecret(value: string): void
}

/** A server on the way, and everything to log in there. */
export interface Stop {
  readonly address: Address
  readonly hostKeys: HostKeys
  readonly handshake: Omit<HandshakeOptions, 'signal' | 'algorithms'>
}

/** The way to a machine: the bastions' connections are kept, and opened again when they broke. */
export class Route {
  readonly #options: SshOptions
  readonly #bastions: readonly Stop[]
  readonly #machine: Stop
  #open: SshConnection[] = []
  #last: SshConnection | undefined

  private constructor(options: SshOptions, bastions: readonly Stop[], machine: Stop) {
    this.#options = options
    this.#bastions = bastions
    this.#machine = machine
  }

  /** Reads keys and known hosts. @throws ImagoError when a file is missing or says nothing of a host. */
  static async load(options: SshOptions, context: RouteContext): Promise<Route> {
    if (options.proxy?.password !== undefined) context.maskSecret(reveal(options.proxy.password))
    const forwardAgent = options.forwardAgent === true ? agentSocket(options.agent) : undefined
    const bastions = (options.bastions ?? []).map(async ({ host, port = 22, ...login }) =>
      loadStop({ host, port }, { ...loginOf(options, login), hostKey: login.hostKey ?? 'first-use' }, options, context),
    )
    const machine = await loadStop({ host: options.host, port: options.port ?? 22 }, options, options, context)
    return new Route(options, await Promise.all(bastions), { ...machine, handshake: { ...machine.handshake, forwardAgent } })
  }

  /** `user@host:port` of the machine. */
  get target(): string {
    return this.#machine.handshake.target
  }

  /** What is known of the machine's key. */
  get hostKeys(): HostKeys {
    return this.#machine.hostKeys
  }

  /** The way to the machine for other programs, as the last connection found it; `undefined` when they cannot go it. */
  get connection(): Connection | undefined {
    const { proxy, ipVersion, algorithms } = this.#options
    if (proxy !== undefined || ipVersion !== undefined || algorithms !== undefined || this.#last === undefined) return undefined
    const machine = serverFor(this.#machine, this.#last)
    const bastions = this.#bastions.map((stop, index) => serverFor(stop, this.#open[index]))
    if (machine === undefined || !bastions.every((server) => server !== undefined)) return undefined
    const { forwardAgent } = this.#machine.handshake
    return { kind: 'ssh', ...machine, bastions, ...(forwardAgent !== undefined && { forwardAgent }) }
  }

  /** Whether an error says that a server on the way, or the machine, showed a wrong key. */
  isRefusal(error: unknown): boolean {
    return [this.#machine, ...this.#bastions].some(({ hostKeys }) => hostKeys.refusal !== undefined && hostKeys.refusal === error)
  }

  /** Waits until the machine's server says something, then logs in. */
  async connect(signal: AbortSignal, told: Told): Promise<SshConnection> {
    const { address } = this.#machine
    loadSsh2().catch(() => undefined) // meanwhile; its failure is told by the login
    const bastion = await this.#throughBastions(signal)
    const dial = (limit: AbortSignal): Promise<Duplex> => bastion?.dial(address) ?? this.#dialFirst(address, limit)
    const stream = await firstAnswer(dial, signal, told, this.#options.pilesUp === true ? sparingly : often)
    told.onWait(new ImagoError('NETWORK', `${this.target} has an SSH server, which does not come to an end with the login`))
    this.#last = await this.#login(stream, this.#machine, signal)
    return this.#last
  }

  /** Closes the connections to the bastions. */
  close(): void {
    for (const connection of this.#open.toReversed()) connection.close()
    this.#open = []
  }

  /** The connection to the last bastion, if there are any. */
  async #throughBastions(signal: AbortSignal): Promise<SshConnection | undefined> {
    const isWhole = this.#open.length === this.#bastions.length && this.#open.every(({ broken }) => broken === undefined)
    if (!isWhole) {
      this.close()
      for (const stop of this.#bastions) {
        const before = this.#open.at(-1)
        const stream = before === undefined ? await this.#dialFirst(stop.address, signal) : await before.dial(stop.address)
        this.#open.push(await this.#login(stream, stop, signal))
      }
    }
    return this.#open.at(-1)
  }

  async #dialFirst(to: Address, signal: AbortSignal): Promise<Duplex> {
    const { proxy, ipVersion } = this.#options
    const options = { signal, ...(ipVersion !== undefined && { ipVersion }) }
    return proxy === undefined ? await dialTcp(to, options) : await dialSocks5(proxy, to, options)
  }

  async #login(stream: Duplex, { hostKeys, handshake }: Stop, signal: AbortSignal): Promise<SshConnection> {
    const algorithms = { ...defaultAlgorithms, ...this.#options.algorithms }
    return await openConnection(stream, {
      ...handshake,
      algorithms: { ...algorithms, hostKeys: hostKeys.preferred(algorithms.hostKeys) },
      signal,
    })
  }
}

async function loadStop(address: Address, login: SshLogin, access: SshAccess, context: RouteContext): Promise<Stop> {
  const user = login.user ?? 'root'
  const hostKeys = await loadHostKeys(login.hostKey ?? 'first-use', address, context.directory)
  return {
    address,
    hostKeys,
    handshake: {
      target: `${user}@${address.host}:${address.port}`,
      user,
      credentials: await loadCredentials(login, context),
      checkHostKey: (key) => hostKeys.check(key),
      compression: access.compression === true,
      forwardAgent: undefined,
      ...timings(access),
      timeoutMs: handshakeMs,
    },
  }
}

/** A bastion's login: what it does not say is the machine's; with a key, an agent or a password of its own it has none of the machine's. */
function loginOf(machine: SshLogin, own: SshLogin): SshLogin {
  const hasOwn = own.key !== undefined || own.agent !== undefined || own.password !== undefined
  const { key, agent, password } = hasOwn ? own : machine
  const user = own.user ?? machine.user
  return {
    ...(user !== undefined && { user }),
    ...(key !== undefined && { key }),
    ...(agent !== undefined && { agent }),
    ...(password !== undefined && { password }),
  }
}
