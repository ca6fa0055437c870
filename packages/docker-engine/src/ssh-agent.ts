import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { AgentOptions } from 'node:http'
import { Agent } from 'node:http'
import { Duplex } from 'node:stream'

import { ImagoError } from '@imago/core'

/** An engine behind SSH. */
export interface SshTarget {
  readonly endpoint: string
  readonly host: string
  readonly port: number | undefined
  readonly user: string | undefined
  /** The engine's socket over there. @default what the docker program over there uses */
  readonly socket: string | undefined
}

/**
 * Opens each connection as Docker's own client does: `ssh host docker system dial-stdio`. The user's SSH configuration, keys and known
 * hosts hold.
 */
export class SshAgent extends Agent {
  readonly #target: SshTarget

  constructor(target: SshTarget, options: AgentOptions) {
    super(options)
    this.#target = target
  }

  override createConnection(): Duplex {
    return new SshConnection(this.#target)
  }
}

/** The two streams of an `ssh`, with what an HTTP agent calls on a socket. */
class SshConnection extends Duplex {
  readonly #target: SshTarget
  readonly #ssh: ChildProcessWithoutNullStreams
  #complaint = ''

  constructor(target: SshTarget) {
    super()
    this.#target = target
    const ssh = spawn('ssh', sshArguments(target), { stdio: 'pipe' })
    this.#ssh = ssh
    ssh.stdin.on('error', () => undefined) // how it ended says more
    ssh.stdout.on('data', (chunk: Buffer) => (this.push(chunk) ? undefined : ssh.stdout.pause()))
    ssh.stderr.on('data', (chunk: Buffer) => (this.#complaint = `${this.#complaint}${chunk.toString()}`.slice(-2000)))
    ssh.once('error', (error) => this.#fail('the ssh program cannot be started', error))
    ssh.once('close', (code) => (code === 0 ? this.push(null) : this.#fail(this.#complaint.trim() || `ssh ended with code ${code}`)))
  }

  override _read(): void {
    this.#ssh.stdout.resume()
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#ssh.stdin.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#ssh.stdin.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#ssh.kill()
    done(error)
  }

  setKeepAlive(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  ref(): this {
    this.#ssh.ref()
    return this
  }

  unref(): this {
    this.#ssh.unref()
    return this
  }

  #fail(why: string, cause?: unknown): void {
    const { endpoint } = this.#target
    this.destroy(
      new ImagoError('PROVIDER_UNAVAILABLE', `no Docker engine answers at ${endpoint}: ${why}`, {
        cause,
        hint: `check that this works: ssh ${sshArguments(this.#target).join(' ')} </dev/null`,
      }),
    )
  }
}

function sshArguments({ host, port, user, socket }: SshTarget): string[] {
  return [
    '-T',
    '-o',
    'ConnectTimeout=30',
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    host,
    'docker',
    ...(socket === undefined ? [] : ['--host', `unix://${socket}`]),
    'system',
    'dial-stdio',
  ]
}
