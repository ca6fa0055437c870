import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'

import type { Source, TransferOptions } from '@imago/core'
import { abortError } from '@imago/core'

import type { LocalFiles } from './local-files.ts'
import { localFiles } from './local-files.ts'
import { brokenScript, encoded, runPowershell, scriptError, scriptLine } from './powershell.ts'
import type { ShellPool } from './shell-pool.ts'
import { windowsPath } from './windows-path.ts'

/** How long the machine may take to put away what it has of a file when a transfer is given up, in milliseconds. */
const tidyMs = 3000

/**
 * Writes files. Each line of input says one thing: `d<path>` makes a directory, `f<path>` begins a file, `+<content>` goes on with it,
 * `e<SHA-256>` ends it: then it gets its name, when that is its digest. Whatever else happens, what was begun is removed.
 */
const receiver = `# imago: receive files
$part = Decode '@part'
$out = $null
$temp = $null
function Drop {
  if ($script:out -ne $null) { $script:out.Close(); $script:out = $null }
  if ($script:temp -ne $null) { [IO.File]::Delete($script:temp); $script:temp = $null }
}
function StartFile($path) {
  $script:dest = [IO.Path]::GetFullPath($path)
  if ([IO.Directory]::Exists($script:dest)) { throw ($script:dest + ' is a directory') }
  $folder = [IO.Path]::GetDirectoryName($script:dest)
  [void][IO.Directory]::CreateDirectory($folder)
  $script:temp = [IO.Path]::Combine($folder, $part)
  $script:out = [IO.File]::Create($script:temp)
  $script:digest = NewDigest
}
function Append($content) {
  $bytes = [Convert]::FromBase64String($content)
  $script:out.Write($bytes, 0, $bytes.Length)
  [void]$script:digest.TransformBlock($bytes, 0, $bytes.Length, $bytes, 0)
}
function Complete($expected) {
  [void]$script:digest.TransformFinalBlock([Byte[]]@(), 0, 0)
  $script:out.Close()
  $script:out = $null
  if ((Hex $script:digest) -ne $expected) { throw ('what has come for ' + $script:dest + ' is not what was sent') }
  if ([IO.File]::Exists($script:dest)) {
    [IO.File]::SetAttributes($script:dest, [IO.FileAttributes]::Normal)
    [IO.File]::Delete($script:dest)
  }
  [IO.File]::Move($script:temp, $script:dest)
  $script:temp = $null
}
function Take($line) {
  try {
    $rest = $line.Substring(1)
    switch ($line.Substring(0, 1)) {
      'd' { [void][IO.Directory]::CreateDirectory([IO.Path]::GetFullPath((Decode $rest))) }
      'f' { StartFile (Decode $rest) }
      '+' { Append $rest }
      'e' { Complete $rest }
    }
  } catch {
    Fail $_.Exception
    Drop
    exit 1
  }
}
function Finish {
  if ($script:out -ne $null) { Drop; exit 1 }
  Say 'done'
}
`

/** The contract of `Communicator.upload`: one process of PowerShell takes all of it. */
export async function upload(
  pool: ShellPool,
  source: Source,
  destination: string,
  { signal, onProgress }: TransferOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const what = `cannot upload to '${destination}'`
  // a line of content is what a request takes: three bytes are four characters there
  const files = await localFiles(source, Math.floor(pool.inputBytes / 4) * 3 - 12, signal)
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    timer = setTimeout(() => late.abort(abortError(signal)), tidyMs)
  }
  signal.addEventListener('abort', stop, { once: true })
  let failed: { readonly error: unknown } | undefined
  const input = Readable.from(
    untilFailed(lines(files, windowsPath(destination), { signal, onProgress }), (error) => (failed = { error })),
    { objectMode: true, highWaterMark: 1 },
  )
  let said = ''
  try {
    const { exitCode, stderr } = await runPowershell(pool, {
      input,
      onOutput: (chunk) => (said += Buffer.from(chunk).toString('latin1')),
      signal: late.signal,
    })
    if (failed !== undefined) throw failed.error
    if (signal.aborted) throw abortError(signal)
    const failure = /^!(.*)$/m.exec(said)?.[1]
    if (failure !== undefined) throw scriptError(what, failure)
    if (exitCode !== 0 || !/^done\r?$/m.test(said)) throw brokenScript(what, exitCode, stderr)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    input.destroy()
  }
}

/** The lines that the receiver takes. They end early when the signal is aborted: then the receiver removes what it has of a file. */
async function* lines(
  { entries, total }: LocalFiles,
  destination: string,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: TransferOptions['onProgress'] },
): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from(scriptLine(receiver.replace('@part', encoded(`.imago-${randomBytes(6).toString('hex')}.partial`))))
  let sent = 0
  for await (const { parts, content } of entries) {
    if (signal.aborted) return
    const path = encoded([destination, ...parts].join('\\'))
    if (content === undefined) {
      yield Buffer.from(`d${path}\n`)
      continue
    }
    yield Buffer.from(`f${path}\n`)
    const digest = createHash('sha256')
    for await (const chunk of content) {
      if (signal.aborted) return
      digest.update(chunk)
      yield Buffer.from(`+${Buffer.from(chunk).toString('base64')}\n`)
      sent += chunk.length
      onProgress?.({ bytes: sent, ...(total !== undefined && { total }) })
    }
    yield Buffer.from(`e${digest.digest('hex')}\n`)
  }
  if (sent === 0) onProgress?.({ bytes: 0, ...(total !== undefined && { total }) })
}

/** Ends where its source fails, and tells why: so that who reads it sees an end, and can put away what it has. */
async function* untilFailed<T>(source: AsyncIterable<T>, onFailure: (error: unknown) => void): AsyncGenerator<T, void, undefined> {
  try {
    yield* source
  } catch (error) {
    onFailure(error)
  }
}
