import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

import type { ProvisionContext } from '@imago/core'
import { fileSystemError, ImagoError, runLocal, withFileLock } from '@imago/core'

import type { GalaxyOptions } from './galaxy-options.ts'
import { besides } from './programs.ts'

/** How long to wait for another build that fetches the same, in milliseconds. */
const lockMs = 10 * 60_000

/** Where fetched requirements are. */
export interface FetchedRequirements {
  /** Folder of roles. */
  readonly roles: string
  /** Folder of collections, as `ANSIBLE_COLLECTIONS_PATH` takes it. */
  readonly collections: string
}

/** What {@link fetchRequirements} needs of a step's context. */
export type GalaxyContext = Pick<ProvisionContext, 'directory' | 'signal' | 'emit' | 'output'>

/**
 * Fetches the roles and collections of `galaxyFile` into the cache, unless they are there for just this content of the file. Builds that
 * want the same wait for one another.
 * @returns where they are; `undefined` when the options name no requirements
 * @throws ImagoError `TOOL_MISSING` without `ansible-galaxy`; `COMMAND_FAILED` with its words when something cannot be fetched,
 * `INPUT_MISSING` when the file is gone.
 */
export async function fetchRequirements(
  options: GalaxyOptions & { readonly command?: string },
  env: Readonly<Record<string, string>>,
  ctx: GalaxyContext,
): Promise<FetchedRequirements | undefined> {
  const { galaxyForce = false } = options
  const requirements = await readRequirements(options, ctx.directory)
  if (requirements === undefined) return undefined
  const { file, text, cache, folder } = requirements
  await mkdir(cache, { recursive: true }).catch((error: unknown) => {
    throw fileSystemError(error, `the cache '${cache}'`)
  })
  await withFileLock(`${folder}.lock`, { signal: ctx.signal, timeoutMs: lockMs }, async () => {
    if (!galaxyForce && (await isThere(folder))) return
    const unfinished = `${folder}.unfinished`
    await rm(unfinished, { recursive: true, force: true })
    try {
      await mkdir(unfinished)
      for (const kind of kindsIn(text)) await install(kind, file, unfinished, { options, env, ctx })
      await rm(folder, { recursive: true, force: true })
      await rename(unfinished, folder)
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  })
  return fetchedIn(folder)
}

/** Where the requirements are that were fetched before; `undefined` when there are none. Nothing is fetched. */
export async function fetchedBefore(options: GalaxyOptions, directory: string): Promise<FetchedRequirements | undefined> {
  const requirements = await readRequirements(options, directory)
  return requirements !== undefined && (await isThere(requirements.folder)) ? fetchedIn(requirements.folder) : undefined
}

interface Requirements {
  /** The file's path and content. */
  readonly file: string
  readonly text: string
  readonly cache: string
  /** Where in the cache they belong. */
  readonly folder: string
}

async function readRequirements({ galaxyFile, galaxyCache }: GalaxyOptions, directory: string): Promise<Requirements | undefined> {
  if (galaxyFile === undefined) return undefined
  const file = resolve(directory, galaxyFile)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fileSystemError(error, `the requirements '${galaxyFile}'`)
  })
  const cache = galaxyCache === undefined ? join(homedir(), '.cache', 'imago', 'ansible') : resolve(directory, galaxyCache)
  return { file, text, cache, folder: join(cache, createHash('sha256').update(text).digest('hex').slice(0, 32)) }
}

function fetchedIn(folder: string): FetchedRequirements {
  return { roles: join(folder, 'roles'), collections: join(folder, 'collections') }
}

type Kind = 'role' | 'collection'

/** What the requirements list: a list at the top is one of roles. */
function kindsIn(text: string): readonly Kind[] {
  const isRoleList = /^\s*-/m.test(text) && !/^(?:roles|collections)\s*:/m.test(text)
  return [
    ...(isRoleList || /^roles\s*:/m.test(text) ? (['role'] as const) : []),
    ...(/^collections\s*:/m.test(text) ? (['collection'] as const) : []),
  ]
}

interface Install {
  readonly options: Parameters<typeof fetchRequirements>[0]
  readonly env: Readonly<Record<string, string>>
  readonly ctx: GalaxyContext
}

async function install(kind: Kind, file: string, folder: string, { options, env, ctx }: Install): Promise<void> {
  const { galaxyCommand = besides(options.command, 'ansible-galaxy'), galaxyFile = file } = options
  const [what, path] =
    kind === 'role' ? (['--role-file', '--roles-path'] as const) : (['--requirements-file', '--collections-path'] as const)
  let said = ''
  const { exitCode } = await runLocal({
    command: [galaxyCommand, kind, 'install', what, file, path, join(folder, `${kind}s`)],
    env,
    cwd: dirname(file), // paths of local sources are relative to the file
    signal: ctx.signal,
    onOutput: (stream, chunk) => {
      said = (said + Buffer.from(chunk).toString('utf8')).slice(-32 * 1024)
      ctx.output(stream, chunk)
    },
  })
  if (exitCode === 0) return
  throw new ImagoError('COMMAND_FAILED', `a ${kind} of '${galaxyFile}' cannot be fetched: ${galaxyProblem(said)}`, {
    exitCode,
    hint: 'check its name and version, and that this machine reaches where it comes from',
  })
}

/** The first thing that went wrong: the last line only says that something did. */
function galaxyProblem(said: string): string {
  const line = /^(?:\[WARNING\]: - |ERROR! |\[ERROR\]: )([^]*?)(?:\n\s*\n|\n(?=\S)|$)/m.exec(said)?.[1]
  return line?.replaceAll(/\s+/g, ' ').trim() || said.trim().split('\n').at(-1) || 'it says nothing'
}

async function isThere(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined) // what else is wrong with it, making it tells
  return found?.isDirectory() === true
}
