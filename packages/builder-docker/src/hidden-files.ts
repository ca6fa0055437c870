import { randomBytes } from 'node:crypto'

import type { RemoteEntry, Source, TransferOptions } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { BuildContainer } from './build-container.ts'
import { downloadArchive, makeDirectories, statRemote, uploadArchive } from './container-files.ts'
import { runProcess } from './container-process.ts'

/**
 * Whether the engine's archive calls do not see what stands at an absolute path: in a memory file system of the container they see only
 * what it hides, and where paths are patterns, nothing that is called like one.
 */
export function isHidden(container: BuildContainer, path: string): boolean {
  return isInMemory(container, path) || (container.engine.readsPatterns && /[*?[\\]/.test(path))
}

function isInMemory(container: BuildContainer, path: string): boolean {
  return ['/dev', '/proc', '/sys', ...container.tmpfs].some((mount) => path === mount || path.startsWith(`${mount}/`))
}

/** The path with the links in its directories followed, where that can lead into a memory file system; else the path itself. */
export async function realPath(container: BuildContainer, path: string, signal?: AbortSignal): Promise<string> {
  if (container.tmpfs.length === 0) return path
  const parts = path.split('/').filter((part) => part !== '')
  let real = ''
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 || isInMemory(container, `${real}/${part}`)) return [real, ...parts.slice(index)].join('/')
    real = (await statRemote(container, `${real}/${part}`, signal))?.path ?? `${real}/${part}`
  }
  return path
}

/** Uploads to where the engine does not see: to another place first, and from there with the container's own `cp`. */
export async function uploadInside(container: BuildContainer, source: Source, path: string, options: TransferOptions): Promise<void> {
  await withStage(container, options.signal, async (stage) => {
    await uploadArchive(container, source, `${stage}/it`, options)
    const script = `set -e
      mkdir -p -- "\${TO%/*}/"
      if [ -d "$FROM" ]; then mkdir -p -- "$TO"; cp -a -- "$FROM/." "$TO/"; else [ ! -d "$TO" ] && cp -a -- "$FROM" "$TO"; fi`
    await run(container, script, { FROM: `${stage}/it`, TO: path }, `upload to '${path}'`, options.signal)
  })
}

/** Downloads by the same way. */
export async function downloadInside(
  container: BuildContainer,
  path: string,
  destination: string,
  options: TransferOptions,
): Promise<void> {
  if ((await statInside(container, path, options.signal)) === undefined) {
    throw new ImagoError('INPUT_MISSING', `there is nothing at '${path}' in container ${container.name}`)
  }
  await withStage(container, options.signal, async (stage) => {
    const script = 'set -e; cp -a -- "$(readlink -f -- "$FROM")" "$TO"'
    await run(container, script, { FROM: path, TO: `${stage}/it` }, `download '${path}'`, options.signal)
    await downloadArchive(container, `${stage}/it`, destination, options)
  })
}

/** What stands at a path, as the container sees it. */
async function statInside(container: BuildContainer, path: string, signal?: AbortSignal): Promise<RemoteEntry | undefined> {
  const script =
    '[ -e "$P" ] || exit 0; if [ -d "$P" ]; then echo directory; elif [ -f "$P" ]; then echo "file $(wc -c <"$P")"; else echo other; fi'
  const [kind, size = '0'] = (await run(container, script, { P: path }, `look at '${path}'`, signal)).trim().split(/ +/)
  if (kind !== 'file' && kind !== 'directory' && kind !== 'other') return undefined
  return { kind, size: Number(size) }
}

/** Gives `work` a new folder on the container's disk, and removes it afterwards. */
async function withStage(
  container: BuildContainer,
  signal: AbortSignal | undefined,
  work: (stage: string) => Promise<void>,
): Promise<void> {
  const stage = `/.imago-${randomBytes(6).toString('hex')}`
  await makeDirectories(container, stage, { uid: 0, gid: 0 }, signal)
  try {
    await work(stage)
  } finally {
    await run(container, 'rm -rf -- "$STAGE"', { STAGE: stage }, 'clean up')
  }
}

async function run(
  container: BuildContainer,
  script: string,
  env: Readonly<Record<string, string>>,
  doing: string,
  signal?: AbortSignal,
): Promise<string> {
  const said = { stdout: '', stderr: '' }
  const { exitCode } = await runProcess(container, script, {
    root: true,
    env,
    ...(signal !== undefined && { signal }),
    onOutput: (stream, chunk) => void (said[stream] += Buffer.from(chunk).toString()),
  })
  if (exitCode === 0) return said.stdout
  const why = said.stderr.trim() || `exit code ${exitCode}`
  if (/no space left/i.test(why)) throw new ImagoError('DISK_FULL', `cannot ${doing} in container ${container.name}: ${why}`)
  throw new ImagoError('TRANSFER_FAILED', `cannot ${doing} in container ${container.name}: ${why}`)
}

/** What stands at a path, wherever that is. */
export async function statAnywhere(container: BuildContainer, path: string, signal?: AbortSignal): Promise<RemoteEntry | undefined> {
  if (isHidden(container, path)) return await statInside(container, path, signal)
  const found = await statRemote(container, path, signal)
  return found === undefined ? undefined : { kind: found.kind, size: found.size }
}
