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
    return connect(this.#target)
  }
}

function connect(target: SshTarget): Duplex {
  const ssh = spawn('ssh', sshArguments(target), { stdio: 'pipe' })
  let complaint = ''
  ssh.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(-2000)))
  const connection = Duplex.from({ writable: ssh.stdin, readable: ssh.stdout })
  const fail = (why: string, cause?: unknown): void => {
    connection.destroy(
      new ImagoError('PROVIDER_UNAVAILABLE', `no Docker engine answers at ${target.endpoint}: ${why}`, {
        cause,
        hint: `check that this works: ssh ${sshArguments(target).join(' ')} </dev/null`,
      }),
    )
  }
  ssh.once('error', (error) => fail('the ssh program cannot be started', error))
  ssh.once('close', (code) =>
    code === 0 || code === null ? connection.destroy() : fail(complaint.trim() || `ssh ended with code ${code}`),
  )
  connection.once('close', () => ssh.kill())
  return connection
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
