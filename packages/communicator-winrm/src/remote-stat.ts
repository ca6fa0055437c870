import type { RemoteEntry } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { ShellPool } from './shell-pool.ts'
import { windowsPath } from './windows-path.ts'

/**
 * Prints the attributes and the size of what the path says; of nothing it prints neither. Where there are none, what ends with a backslash is
 * there only when it is a directory: a drive. The path comes as a variable: whatever is in it, it is no command.
 */
const command = '(if exist "%IMAGO_PATH%\\" echo directory) & (for %I in ("%IMAGO_PATH%") do @echo entry %~aI/%~zI)'

/** The contract of `Communicator.stat`. */
export async function remoteStat(pool: ShellPool, path: string, signal: AbortSignal): Promise<RemoteEntry | undefined> {
  if (/["*?<>|]/.test(path)) return undefined // no name has these
  const said: Uint8Array[] = []
  const exitCode = await pool.run(
    command,
    { env: { IMAGO_PATH: windowsPath(path) }, cwd: undefined },
    { stdin: '', onOutput: (stream, chunk) => void (stream === 'stdout' && said.push(chunk)), signal },
  )
  const text = Buffer.concat(said).toString('utf8')
  const [, attributes, size] = /^entry ([^/\r\n]*)\/(\d*)/m.exec(text) ?? []
  if (attributes === undefined) {
    throw new ImagoError('TRANSFER_FAILED', `cannot look at '${path}': the command for it ended with ${exitCode} and said '${text.trim()}'`)
  }
  if (attributes.startsWith('d') || (attributes === '' && text.startsWith('directory'))) return { kind: 'directory', size: 0 }
  return attributes === '' ? undefined : { kind: 'file', size: Number(size) }
}
