import { createHash } from 'node:crypto'
import { PassThrough } from 'node:stream'

import type { TransferOptions } from '@imago/core'
import { abortError, ImagoError } from '@imago/core'
import type { TarEntry, TarFile } from '@imago/tar'
import { packEntries, unpackTo } from '@imago/tar'

import { brokenScript, decoded, encoded, runPowershell, scriptError, scriptLine } from './powershell.ts'
import type { ShellPool } from './shell-pool.ts'
import { windowsPath } from './windows-path.ts'

/**
 * Says what is at a path, and what is in there: `k<kind>`, then `d<path>` for each directory, and for each file `f<size> <path>`, its
 * content as `+<content>`, and `e<SHA-256>`. Links to directories would lead anywhere: `l<path>` says that one is left out.
 */
const sender = `# imago: send files
$path = [IO.Path]::GetFullPath((Decode '@path'))
function SendFile($file, $name) {
  $in = [IO.File]::Open($file, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::ReadWrite)
  try {
    $digest = NewDigest
    $left = $in.Length
    Say ('f' + $left + ' ' + (Encode $name))
    $buffer = New-Object byte[] 196608
    while ($left -gt 0) {
      $count = $in.Read($buffer, 0, [Math]::Min($buffer.Length, $left))
      if ($count -le 0) { break }
      [void]$digest.TransformBlock($buffer, 0, $count, $buffer, 0)
      Say ('+' + [Convert]::ToBase64String($buffer, 0, $count))
      $left = $left - $count
    }
    [void]$digest.TransformFinalBlock([Byte[]]@(), 0, 0)
    Say ('e' + (Hex $digest))
  } finally { $in.Close() }
}
function SendFolder($folder, $prefix) {
  foreach ($file in [IO.Directory]::GetFiles($folder)) { SendFile $file ($prefix + [IO.Path]::GetFileName($file)) }
  foreach ($inner in [IO.Directory]::GetDirectories($folder)) {
    $name = $prefix + [IO.Path]::GetFileName($inner)
    if (([int][IO.File]::GetAttributes($inner) -band 1024) -ne 0) { Say ('l' + (Encode $name)) } else {
      Say ('d' + (Encode $name))
      SendFolder $inner ($name + '/')
    }
  }
}
function Take($line) { }
function Finish { }
try {
  if ([IO.Directory]::Exists($path)) { Say 'kdirectory'; SendFolder $path '' }
  elseif ([IO.File]::Exists($path)) { Say 'kfile'; SendFile $path 'file' }
  else { Say 'kmissing' }
  Say 'done'
} catch {
  Fail $_.Exception
  exit 1
}
`

/** How to download. */
export interface DownloadOptions extends TransferOptions {
  readonly signal: AbortSignal
  /** Called with the path of each link to a directory that is left out. */
  readonly onLeftOut: (path: string) => void
}

/** The contract of `Communicator.download`: one process of PowerShell says all of it. */
export async function download(
  pool: ShellPool,
  source: string,
  destination: string,
  { signal, onProgress, onLeftOut }: DownloadOptions,
): Promise<void> {
  const what = `cannot download '${source}'`
  const over = new AbortController()
  const output = new PassThrough()
  output.on('error', () => undefined) // thrown where it is read
  const running = runPowershell(pool, {
    input: scriptLine(sender.replace('@path', encoded(windowsPath(source)))),
    onOutput: (chunk) => void output.write(chunk),
    signal: AbortSignal.any([signal, over.signal]),
  })
  running.then(
    () => output.end(),
    (error: unknown) => output.destroy(error instanceof Error ? error : undefined),
  )
  const said = new SaidLines(output, what)
  try {
    const kind = await said.next()
    if (kind === 'kmissing') throw new ImagoError('INPUT_MISSING', `there is nothing at '${source}' in the machine`)
    if (kind !== 'kfile' && kind !== 'kdirectory') {
      const { exitCode, stderr } = await running
      throw brokenScript(what, exitCode, stderr)
    }
    await unpackTo(packEntries(entries(said, kind, onLeftOut), { signal }), destination, {
      stripName: kind === 'kfile' ? 'file' : '',
      signal,
      ...(onProgress !== undefined && {
        onProgress: ({ bytes }) => onProgress({ bytes, ...(said.total !== undefined && { total: said.total }) }),
      }),
    })
    await running
  } catch (error) {
    over.abort()
    await running.catch(() => undefined) // what went wrong first counts
    throw signal.aborted ? abortError(signal) : error
  }
}

/** What the sender says, line by line. */
class SaidLines {
  readonly #lines: AsyncIterator<string, void>
  readonly #what: string
  /** The bytes of the only file. */
  total: number | undefined

  constructor(output: AsyncIterable<Buffer>, what: string) {
    this.#lines = linesOf(output)
    this.#what = what
  }

  /** @returns the next line; `undefined` when there is none. @throws what the sender says that went wrong */
  async next(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next()
    if (done === true) return undefined
    if (value.startsWith('!')) throw scriptError(this.#what, value.slice(1))
    return value
  }

  /** The content of the file whose beginning was said last. Its end comes when the digest has shown that it is right. */
  async *content(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const digest = createHash('sha256')
    let held = Buffer.alloc(0)
    for (let line = await this.next(); line !== undefined; line = await this.next()) {
      if (line.startsWith('e')) {
        if (line.slice(1) !== digest.digest('hex')) {
          throw new ImagoError('TRANSFER_FAILED', `${this.#what}: what has come of '${name}' is not what was sent`)
        }
        yield held
        return
      }
      yield held
      held = Buffer.from(line.slice(1), 'base64')
      digest.update(held)
    }
    throw new ImagoError('TRANSFER_FAILED', `${this.#what}: it ends in the middle of '${name}'`)
  }

  /** The end came before the sender was done. */
  cutOff(): ImagoError {
    return new ImagoError('TRANSFER_FAILED', `${this.#what}: PowerShell ended in the middle of it`)
  }
}

async function* entries(
  said: SaidLines,
  kind: 'kfile' | 'kdirectory',
  onLeftOut: DownloadOptions['onLeftOut'],
): AsyncGenerator<TarEntry, void, undefined> {
  const rights = { uid: 0, gid: 0, mtime: Math.floor(Date.now() / 1000) }
  if (kind === 'kdirectory') yield { type: 'directory', name: '.', mode: 0o755, ...rights }
  for (let line = await said.next(); line !== 'done'; line = await said.next()) {
    if (line === undefined) throw said.cutOff()
    if (line.startsWith('d')) yield { type: 'directory', name: decoded(line.slice(1)), mode: 0o755, ...rights }
    if (line.startsWith('l')) onLeftOut(decoded(line.slice(1)))
    const [, size, encodedName] = /^f(\d+) (\S*)$/.exec(line) ?? []
    if (size === undefined) continue
    const name = decoded(encodedName ?? '')
    if (kind === 'kfile') said.total = Number(size)
    const file: TarFile = { type: 'file', name, mode: 0o644, size: Number(size), content: said.content(name), ...rights }
    yield file
  }
}

async function* linesOf(output: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let held: string[] = []
  for await (const chunk of output) {
    const parts = chunk.toString('latin1').split('\n')
    for (const [index, part] of parts.entries()) {
      held.push(part)
      if (index === parts.length - 1) break
      yield held.join('').replace(/\r$/, '')
      held = []
    }
  }
}
