import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A way into guests with a private key. */
export interface SshKey extends AsyncDisposable {
  /** Runs a command, and answers with what it printed. */
  ssh(target: string, command: string): Promise<string>
  /** The error that it fails with. */
  refusal(target: string, command?: string): Promise<string>
}

/** Uses a private key with OpenSSH's own client. */
export async function sshKey(privateKey: string): Promise<SshKey> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-ec2-test-'))
  const file = join(folder, 'key')
  await writeFile(file, `${privateKey.trimEnd()}\n`, { mode: 0o600 })
  const options = [
    '-F',
    'none',
    '-o',
    'BatchMode=yes',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    `UserKnownHostsFile=${folder}/hosts`,
    '-o',
    'ConnectTimeout=30',
    '-o',
    'LogLevel=ERROR',
    '-i',
    file,
  ]
  const ssh = async (target: string, command: string): Promise<string> => (await run('ssh', [...options, target, command])).stdout
  return {
    ssh,
    refusal: (target, command = 'true') =>
      ssh(target, command).then(
        () => 'no refusal',
        (error: unknown) => `${String(error)} ${error instanceof Error && 'stdout' in error ? String(error.stdout) : ''}`,
      ),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }),
  }
}
