import { Readable } from 'node:stream'

import type { ExecOptions, ExecResult } from '@imago/core'
import { ImagoError, shellJoin } from '@imago/core'

import type { SshConnection } from './connection.ts'
import { abortOf, exitCodeOf, feed } from './own-channel.ts'
import { discard } from './shell-transport.ts'

/**
 * Runs a command as the server runs it, for machines without a POSIX shell. Environment variables are requests that the server may
 * turn down (`AcceptEnv`), and on cancel the server is asked to kill the command and its channel is closed.
 * @throws ImagoError `UNSUPPORTED` for a directory to run in: there is no shell to go there.
 */
export async function execPlainly(
  connection: SshConnection,
  command: string | readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const { onOutput = () => undefined, signal, stdin, env } = options
  if (options.cwd !== undefined) {
    throw new ImagoError('UNSUPPORTED', `${connection.target} has no POSIX shell, and no command can run in '${options.cwd}'`)
  }
  const process = await connection.exec(typeof command === 'string' ? command : shellJoin(command), env)
  const source = stdin instanceof Readable ? stdin : Readable.from(stdin === undefined || stdin.length === 0 ? [] : [Buffer.from(stdin)])
  process.stdout.on('data', (chunk: Buffer) => onOutput('stdout', chunk))
  process.stderr.on('data', (chunk: Buffer) => onOutput('stderr', chunk))
  const abort = abortOf(signal)
  try {
    const ended = exitCodeOf(process, connection)
    const fed = feed(process, source)
    return { exitCode: await Promise.race([ended, abort.promise, fed.then(() => ended)]) }
  } catch (error) {
    process.kill()
    discard(process.stdout, process.stderr)
    throw error
  } finally {
    abort.stop()
    source.destroy()
    process.close()
  }
}
