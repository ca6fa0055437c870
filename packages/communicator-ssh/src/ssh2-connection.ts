import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

import { abortError, ImagoError, isImagoError, messageOf } from '@imago/core'
import type * as Ssh2 from 'ssh2'
import type { AnyAuthMethod, AuthenticationType, Client, ClientChannel, ConnectConfig, NextAuthHandler, utils } from 'ssh2'

import { certifiedKey, signWithCertificates } from './certificate-login.ts'
import type { Address, HandshakeOptions, SshConnection, SshProcess } from './connection.ts'
import type { Credential, KeyCredential } from './credentials.ts'
import { LoginPlan } from './login-plan.ts'
import type { RawSftp } from './sftp-session.ts'

type ParseKey = typeof utils.parseKey

/**
 * Loads the library when there is nothing else to do: it takes as long as a server's first answer. It is CommonJS, and `require` does
 * without the parser that `import` would run over it.
 */
export async function loadSsh2(): Promise<typeof Ssh2> {
  await setImmediate()
  return createRequire(import.meta.url)('ssh2') as typeof Ssh2 // its own types
}

/**
 * Speaks SSH over a stream on whose other end a server waits, and logs in.
 * @throws ImagoError `AUTHENTICATION_FAILED` when the login or the server's key is refused, `UNSUPPORTED` when both sides have no
 * algorithm in common, `DEFINITION_INVALID` for a private key that cannot be read, `NETWORK` for all else.
 */
export async function openConnection(stream: Duplex, options: HandshakeOptions): Promise<SshConnection> {
  const ssh2 = await loadSsh2()
  const client = new ssh2.Client()
  const login = new LoginPlan(options.credentials)
  const state: { hostKeyError?: ImagoError; readonly methodErrors: string[] } = { methodErrors: [] }
  const methods = new Map(options.credentials.map((credential) => [credential, authMethod(ssh2.utils.parseKey, credential, options)]))
  client.connect({
    ...clientConfig(stream, options),
    hostVerifier: (key: Buffer) => {
      const problem = options.checkHostKey(key)
      if (problem !== undefined) state.hostKeyError = problem
      return problem === undefined
    },
    authHandler: (offered: AuthenticationType[] | null, partial: boolean | null, next: NextAuthHandler) => {
      const credential = login.next(offered ?? undefined, partial === true)
      // what ends the attempts, `false`, is missing from the types
      next(credential === undefined ? (false as unknown as 'none') : (methods.get(credential) ?? { type: 'none', username: options.user }))
    },
  })
  if (options.credentials.some((credential) => 'certificate' in credential)) signWithCertificates(client)
  const onAbort = (): void => void stream.destroy()
  options.signal.addEventListener('abort', onAbort)
  try {
    await ready(client, (error) => state.methodErrors.push(lowerFirst(error.message)))
  } catch (error) {
    client.on('error', () => undefined) // what else goes wrong with it has no reader
    stream.destroy()
    if (options.signal.aborted) throw abortError(options.signal)
    throw state.hostKeyError ?? connectError(error, [login.describe(), ...new Set(state.methodErrors)].join('; '), options)
  } finally {
    options.signal.removeEventListener('abort', onAbort)
  }
  return new Ssh2Connection(client, stream, login.taken, options)
}

function ready(client: Client, onMethodError: (error: Error) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    client
      .once('ready', resolve)
      // an agent that fails, or a key that does not sign, is one method less; the attempts go on
      .on('error', (error) => (isMethodError(error) ? onMethodError(error) : reject(error)))
      .once('close', () => reject(new Error('the server closed the connection')))
      .once('change password', () => reject(new ImagoError('AUTHENTICATION_FAILED', 'the password has expired and must be changed')))
  })
}

function isMethodError(error: Error & { readonly level?: string }): boolean {
  return error.level === 'agent' || (error.level === 'client-authentication' && error.message.startsWith('Error '))
}

function clientConfig(stream: Duplex, options: HandshakeOptions): ConnectConfig {
  const { algorithms, keepAlive } = options
  return {
    sock: stream,
    username: options.user,
    readyTimeout: options.timeoutMs,
    keepaliveInterval: keepAlive?.intervalMs ?? 0,
    keepaliveCountMax: keepAlive?.count ?? 0,
    algorithms: {
      cipher: [...algorithms.ciphers],
      kex: [...algorithms.keyExchanges],
      serverHostKey: [...algorithms.hostKeys],
      hmac: [...algorithms.macs],
      compress: options.compression ? ['zlib@openssh.com', 'zlib', 'none'] : ['none'],
    },
    ...(options.forwardAgent !== undefined && { agent: options.forwardAgent, agentForward: true }),
  }
}

function authMethod(parse: ParseKey, credential: Credential, { user: username }: HandshakeOptions): AnyAuthMethod {
  if (credential.method === 'publickey') return keyMethod(parse, credential, username)
  if (credential.method === 'agent') return { type: 'agent', username, agent: credential.socket }
  const { method, password } = credential
  if (method === 'password') return { type: 'password', username, password }
  return {
    type: 'keyboard-interactive',
    username,
    // what must not be seen while it is typed is the password; a question beside it has no answer here
    prompt: (_name, _instructions, _lang, prompts, finish) => finish(prompts.map(({ echo }) => (echo === true ? '' : password))),
  }
}

function keyMethod(parse: ParseKey, credential: KeyCredential, username: string): AnyAuthMethod {
  const { label, certificate } = credential
  const key = parse(credential.key, credential.passphrase)
  if (!(key instanceof Error) && key.isPrivateKey()) {
    return { type: 'publickey', username, key: certificate === undefined ? key : certifiedKey(key, certificate, label) }
  }
  if (credential.usual === true) return { type: 'none', username }
  throw unusableKey(label, key)
}

/**
 * The line of the public key that belongs to a private one.
 * @throws ImagoError `DEFINITION_INVALID` when the key cannot be read
 */
export async function publicKeyLine({ key: text, passphrase, label }: KeyCredential): Promise<string> {
  const ssh2 = await loadSsh2()
  const key = ssh2.utils.parseKey(text, passphrase)
  if (key instanceof Error) throw unusableKey(label, key)
  return `${key.type} ${key.getPublicSSH().toString('base64')}`
}

function unusableKey(label: string, problem: unknown): ImagoError {
  const why = problem instanceof Error ? problem.message : 'it is a public key'
  return new ImagoError('DEFINITION_INVALID', `the SSH key '${label}' cannot be used: ${why}`, {
    ...(/passphrase/i.test(why) && { hint: "give its 'passphrase', or use an agent" }),
  })
}

function connectError(error: unknown, tried: string, { target }: HandshakeOptions): ImagoError {
  if (isImagoError(error)) return error
  const message = messageOf(error)
  if (message.startsWith('All configured auth') || /authentication failures|permission denied/i.test(message)) {
    return new ImagoError('AUTHENTICATION_FAILED', `${target} refuses the login: ${tried}`, {
      cause: error,
      hint: 'check the user, and the key or password that the definition gives',
    })
  }
  if (message.includes('no matching')) {
    return new ImagoError('UNSUPPORTED', `${target} and this side have no algorithm in common: ${lowerFirst(message)}`, {
      cause: error,
      hint: "name what the server takes in 'algorithms' (ssh -Q and sshd -T list them)",
    })
  }
  if (message.startsWith('Timed out while waiting')) return network(`${target} did not finish the SSH handshake in time`, error)
  return network(`${target}: ${lowerFirst(message)}`, error)
}

function network(message: string, cause: unknown): ImagoError {
  return new ImagoError('NETWORK', message, { cause })
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

class Ssh2Connection implements SshConnection {
  readonly target: string
  readonly credentials: readonly Credential[]
  readonly closed: Promise<ImagoError>
  readonly #client: Client
  #broken: ImagoError | undefined

  constructor(client: Client, stream: Duplex, credentials: readonly Credential[], { target, readWriteTimeoutMs }: HandshakeOptions) {
    this.target = target
    this.credentials = credentials
    this.#client = client
    let reason = 'the machine closed it'
    client.removeAllListeners('error').on('error', (error) => (reason = lowerFirst(error.message)))
    if (readWriteTimeoutMs !== undefined) {
      endWhenSilent(stream, readWriteTimeoutMs, () => (reason = `nothing came for ${readWriteTimeoutMs / 1000} s`))
    }
    this.closed = new Promise((resolve) => {
      client.once('close', () => {
        this.#broken ??= new ImagoError('DISCONNECTED', `the connection to ${target} broke: ${reason}`)
        resolve(this.#broken)
      })
    })
  }

  get broken(): ImagoError | undefined {
    return this.#broken
  }

  async exec(command: string, env: Readonly<Record<string, string>> = {}): Promise<SshProcess> {
    const hasEnv = Object.keys(env).length > 0
    const channel = await this.#open<ClientChannel>((done) => this.#client.exec(command, hasEnv ? { env: { ...env } } : {}, done))
    return asProcess(channel, () => sendKill(this.#client, channel))
  }

  async sftp(): Promise<RawSftp> {
    return await this.#open<RawSftp>((done) => this.#client.sftp(done))
  }

  async dial({ host, port }: Address): Promise<Duplex> {
    return await this.#open<Duplex>((done) => this.#client.forwardOut('127.0.0.1', 0, host, port, done))
  }

  async listen({ host, port }: Address, onConnection: (stream: Duplex) => void): Promise<void> {
    await this.#open<number>((done) => this.#client.forwardIn(host, port, done))
    this.#client.on('tcp connection', ({ destPort }, accept, reject) => {
      if (destPort === port) onConnection(accept())
      else if (this.#client.listenerCount('tcp connection') === 1) reject()
    })
  }

  close(): void {
    this.#broken ??= new ImagoError('DISCONNECTED', `the connection to ${this.target} is closed`)
    this.#client.end()
    this.#client.destroy()
  }

  /** Asks for something that the server answers, or that fails when the connection is gone. */
  async #open<T>(request: (done: (error: Error | undefined, value: T) => void) => unknown): Promise<T> {
    if (this.#broken !== undefined) throw this.#broken
    try {
      return await new Promise<T>((resolve, reject) => {
        void this.closed.then(reject)
        request((error, value) => (error === undefined || error === null ? resolve(value) : reject(error)))
      })
    } catch (error) {
      if (this.#broken !== undefined) throw this.#broken
      if (isImagoError(error)) throw error
      throw new ImagoError('NETWORK', `${this.target} refused: ${lowerFirst(messageOf(error).replace('(SSH) ', ''))}`, { cause: error })
    }
  }
}

/** Destroys a stream on which not a byte came for so long. */
function endWhenSilent(stream: Duplex, ms: number, onEnd: () => void): void {
  const timer = setTimeout(() => {
    onEnd()
    stream.destroy()
  }, ms)
  stream.on('data', () => timer.refresh()).once('close', () => clearTimeout(timer))
}

function asProcess(channel: ClientChannel, kill: () => void): SshProcess {
  const closed = Promise.all([endOf(channel, 'close'), endOf(channel.stderr, 'end')]).then(() => undefined)
  const exited = new Promise<number | undefined>((resolve) => {
    channel.once('exit', (code: number | null, signal?: string) => resolve(code ?? 128 + signalNumber(signal)))
    channel.once('close', () => resolve(undefined))
  })
  channel.on('error', () => undefined) // whoever writes is told by `closed`
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exited,
    closed,
    kill,
    close: () => channel.close(),
  }
}

function endOf(stream: EventEmitter, event: 'close' | 'end'): Promise<void> {
  return new Promise((resolve) => {
    stream.once(event, () => resolve())
  })
}

/** Asks the server to kill what runs in a channel (RFC 4254 §6.9). ssh2's own method does nothing once the input is at its end. */
function sendKill(client: Client, channel: ClientChannel): void {
  // private parts of a pinned version; a test kills a command
  const protocol = Reflect.get(client, '_protocol') as { signal(channel: number, name: string): void }
  const outgoing = Reflect.get(channel, 'outgoing') as { readonly id: number; readonly state: string }
  if (outgoing.state === 'open' || outgoing.state === 'eof') protocol.signal(outgoing.id, 'KILL')
}

function signalNumber(name: string | undefined): number {
  return Object.entries(constants.signals).find(([each]) => each === name)?.[1] ?? 0
}
