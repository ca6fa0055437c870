import type { RemoteEntry } from '@imago/core'
import { ImagoError, shellQuote } from '@imago/core'

import type { Link } from './link.ts'

/** What stands at a path of the machine; links are followed. */
export async function remoteStat(link: Link, path: string, signal: AbortSignal | undefined): Promise<RemoteEntry | undefined> {
  // the fifth field of a long listing is the size (POSIX, ls -l); unlike stat it is everywhere
  const script = `f=${shellQuote(fromHere(path))}
if [ -d "$f" ]; then k=directory; elif [ -f "$f" ]; then k=file; elif [ -e "$f" ]; then k=other; else exit 3; fi
set -f
set -- $(LC_ALL=C ls -dnL "$f") && printf '%s %s' "$k" "$5"`
  const answer = await link.ask(script, signal)
  if (answer === undefined) return await (await link.sftp()).entry(path)
  if (answer.exitCode === 3) return undefined
  const [kind = '', size] = answer.stdout.split(' ')
  if (answer.exitCode !== 0 || !isKind(kind)) {
    throw new ImagoError('TRANSFER_FAILED', `cannot look at '${path}': ${answer.stderr.trim() || `exit code ${answer.exitCode}`}`)
  }
  return { kind, size: kind === 'other' ? 0 : Number(size) }
}

/** A path that no program takes for an option. */
export function fromHere(path: string): string {
  return path.startsWith('/') ? path : `./${path}`
}

function isKind(text: string): text is RemoteEntry['kind'] {
  return text === 'file' || text === 'directory' || text === 'other'
}
