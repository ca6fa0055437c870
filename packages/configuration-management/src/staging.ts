import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join, posix, resolve } from 'node:path'

import type { ProvisionContext, Secret } from '@imago/core'
import { fileSystemError, ImagoError, messageOf, progressReporter, timeLimit } from '@imago/core'
import { plainText } from '@imago/script'

import { copyTree } from './copy-tree.ts'
import type { MachineCommand } from './run-command.ts'
import { outputOf, runCommand } from './run-command.ts'

/** How long removing the staging directory may take, in milliseconds. */
const removeMs = 30_000

/** Something that the agent finds in the staging directory. */
export type StagedFile = {
  /** Where, below the staging directory: `'modules/0'`. */
  readonly to: string
  /** Only the machine's user and root may read it (mode 0600): it holds a secret. @default whether its content is a secret */
  readonly isPrivate?: boolean
} & (
  | {
      /** A file or a directory of this machine, relative to the definition. */
      readonly path: string
    }
  | {
      /** The text of a file, or what makes it from the staging directory. */
      readonly content: string | Secret | ((directory: string) => string)
      /** @default 0o644 */
      readonly mode?: number
    }
)

type ResolvedFile =
  | Extract<StagedFile, { readonly path: string }>
  | { readonly to: string; readonly isPrivate?: boolean; readonly content: string | Secret; readonly mode?: number }

/** What to bring into the machine. */
export interface Staging {
  /** What needs it: `'puppet'`. */
  readonly name: string
  /** @default a new folder in `/tmp` */
  readonly directory?: string | undefined
  readonly files: readonly StagedFile[]
  /** How to remove what the agent left there as root. */
  readonly sudo: MachineCommand['sudo']
}

/**
 * Brings files into a new directory of the machine, in one stream but for secrets; removes it when `use` is over, however it ended.
 * @throws ImagoError `COMMAND_FAILED` when the directory cannot be made; what the upload and `use` throw
 */
export async function withStaging<T>(staging: Staging, ctx: ProvisionContext, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = staging.directory ?? `/tmp/imago-${staging.name}-${randomBytes(8).toString('hex')}`
  await makeDirectory(directory, ctx)
  try {
    const files = staging.files.map((file) => resolved(file, directory))
    await uploadTrees(files, staging.name, directory, ctx)
    await uploadPrivate(files, directory, ctx)
    return await use(directory)
  } finally {
    await removeDirectory(directory, staging, ctx)
  }
}

function resolved(file: StagedFile, directory: string): ResolvedFile {
  if ('path' in file) return file
  const { content, ...about } = file
  return { ...about, content: typeof content === 'function' ? content(directory) : content }
}

/** A directory that is there already is not taken: what it holds would be removed with it. */
async function makeDirectory(directory: string, ctx: ProvisionContext): Promise<void> {
  const script = 'mkdir -p -- "$2" && mkdir -m 0700 -- "$1" 2>&1'
  const { exitCode, text } = await outputOf({ argv: ['sh', '-c', script, 'sh', directory, posix.dirname(directory)] }, ctx)
  if (exitCode === 0) return
  throw new ImagoError('COMMAND_FAILED', `the staging directory '${directory}' cannot be made: ${text || `exit code ${exitCode}`}`, {
    exitCode,
    hint: "stagingDirectory must name a new folder in one that the machine's user may write to",
  })
}

/** Everything that is no secret is put together here, and goes over as one tree. */
async function uploadTrees(files: readonly ResolvedFile[], name: string, directory: string, ctx: ProvisionContext): Promise<void> {
  const open = files.filter((file) => !isPrivate(file))
  if (open.length === 0) return
  const local = await mkdtemp(join(ctx.workDirectory, 'staging-')).catch((error: unknown) => {
    throw fileSystemError(error, `put together what ${name} needs`)
  })
  try {
    for (const file of open) await putTogether(file, join(local, file.to), ctx)
    const progress = progressReporter(`upload what ${name} needs`, ctx.emit)
    await ctx.machine.upload({ path: local }, directory, { signal: ctx.signal, onProgress: progress.onProgress })
    progress.finish()
  } finally {
    await rm(local, { recursive: true, force: true })
  }
}

async function putTogether(file: ResolvedFile, to: string, { directory, signal, workDirectory }: ProvisionContext): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  if ('path' in file) {
    await copyTree(resolve(directory, file.path), to, { signal, workDirectory })
  } else if (typeof file.content === 'string') {
    await writeFile(to, file.content)
    await chmod(to, file.mode ?? 0o644)
  }
}

/** Secrets do not touch this machine's disk once more, and have their mode from the start. */
async function uploadPrivate(files: readonly ResolvedFile[], directory: string, ctx: ProvisionContext): Promise<void> {
  for (const file of files.filter(isPrivate)) {
    const source = 'path' in file ? { path: resolve(ctx.directory, file.path) } : { content: plainText(file.content, ctx) }
    await ctx.machine.upload(source, posix.join(directory, file.to), { mode: 0o600, signal: ctx.signal })
  }
}

function isPrivate(file: ResolvedFile): boolean {
  return file.isPrivate ?? ('content' in file && typeof file.content !== 'string')
}

/** Removes the directory, also after a cancel; a failure is a warning, and does not hide how the run ended. */
async function removeDirectory(directory: string, { sudo }: Staging, ctx: ProvisionContext): Promise<void> {
  const quiet = { onOutput: () => undefined, signal: timeLimit(removeMs) }
  try {
    const exitCode = await runCommand({ argv: ['rm', '-rf', '--', directory], ...(sudo !== undefined && { sudo }), ...quiet }, ctx)
    if (exitCode !== 0) throw new ImagoError('COMMAND_FAILED', `rm ended with exit code ${exitCode}`, { exitCode })
  } catch (error) {
    ctx.emit({ type: 'message', level: 'warning', text: `${directory} is still in the machine: ${messageOf(error)}` })
  }
}
