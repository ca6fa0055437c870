import { rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import { tidyCache } from './cache/housekeeping.ts'
import type { ErrorJson } from './error.ts'
import { abortError, errorToJson, ImagoError, messageOf } from './error.ts'
import type { JournalFile } from './journal.ts'
import { appendReleased, readJournals } from './journal.ts'
import { plugin as core } from './plugin.ts'
import { isOwnerAlive } from './process-owner.ts'
import type { FoundResource, Plugin, ResourceRecord } from './resources.ts'
import { orAbandon } from './wait.ts'

/** How long a removal that does not listen to its signal is waited for. */
const graceMs = 2000
/** A journal without a first line is one whose process was killed at that moment, unless it is younger than so many milliseconds. */
const emptyForMs = 60_000

/** How to sweep. */
export interface SweepOptions {
  /** Where the journal is. @default `.imago` in the current folder */
  readonly stateDirectory?: string
  /** Packages to ask for what they find by labels, beside those that the journal names. */
  readonly plugins?: readonly Plugin[]
  /** Loads a package that the journal names. @default `import(name)` */
  readonly loadPlugin?: (packageName: string) => Promise<Plugin>
  /** Also what runs on other machines made, which may still be running. @default false */
  readonly otherHosts?: boolean
  /** Say what would be removed and remove nothing. @default false */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  /** Told as each one is done. */
  readonly onResource?: (swept: SweptResource) => void
}

/** What became of a resource. */
export interface SweptResource {
  readonly record: ResourceRecord
  /** `would-remove` on a dry run; `in-use` when the run that made it is still running, or may be. */
  readonly outcome: 'removed' | 'would-remove' | 'in-use' | 'failed'
  readonly error?: ErrorJson
}

/** Something that may have been left, and who made it. */
interface Candidate {
  readonly record: ResourceRecord
  readonly owner: string
  readonly finished: boolean
  readonly isExpired?: boolean
}

/**
 * Removes what runs that were killed have left, by their journals and by labels. Never touches a run that is still running.
 * @throws ImagoError what a plugin threw that looked for labels, after everything else has been removed; `CANCELLED` when the signal says so.
 */
export async function sweep(options: SweepOptions = {}): Promise<readonly SweptResource[]> {
  const signal = options.signal ?? new AbortController().signal
  const journals = await readJournals(resolve(options.stateDirectory ?? '.imago'))
  const swept: SweptResource[] = []
  const removeOne = async (candidate: Candidate): Promise<SweptResource> => {
    const result = await sweepOne(candidate, options, signal)
    swept.push(result)
    options.onResource?.(result)
    return result
  }
  for (const journal of journals) await sweepJournal(journal, removeOne)
  const known = new Set(swept.filter(({ outcome }) => outcome !== 'failed').map(({ record }) => key(record)))
  const finished = new Set(journals.filter((journal) => journal.finished).map(({ runId }) => runId))
  const { found, failed } = await findByLabels(options.plugins ?? [], signal)
  for (const { record, owner, isExpired = false } of found) {
    if (!known.has(key(record))) await removeOne({ record, owner, isExpired, finished: finished.has(record.runId) })
  }
  if (options.dryRun !== true) await tidyCache({ ...options, plugins: options.plugins ?? [], signal })
  if (failed !== undefined) throw failed
  return swept
}

/** Removes what a journal names, newest first; a journal with nothing left goes too. */
async function sweepJournal(journal: JournalFile, removeOne: (candidate: Candidate) => Promise<SweptResource>): Promise<void> {
  const outcomes: SweptResource['outcome'][] = []
  for (const entry of journal.left.toReversed()) {
    const { outcome } = await removeOne({ record: entry.record, owner: journal.owner, finished: journal.finished })
    outcomes.push(outcome)
    if (outcome === 'removed') await appendReleased(journal.path, entry.key)
  }
  if (outcomes.every((outcome) => outcome === 'removed') && (await isOver(journal))) await rm(journal.path, { force: true })
}

async function isOver({ owner, finished, path }: JournalFile): Promise<boolean> {
  if (owner !== '') return finished || isOwnerAlive(owner) === false
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > emptyForMs
}

async function sweepOne(candidate: Candidate, options: SweepOptions, signal: AbortSignal): Promise<SweptResource> {
  const { record, owner, finished, isExpired = false } = candidate
  const alive = finished ? false : isOwnerAlive(owner)
  if (alive === true || (alive === undefined && !isExpired && options.otherHosts !== true)) return { record, outcome: 'in-use' }
  if (options.dryRun === true) return { record, outcome: 'would-remove' }
  if (signal.aborted) throw abortError(signal)
  try {
    const plugin = await pluginFor(record.package, options)
    const kind = plugin.resourceKinds.find((candidate) => candidate.kind === record.kind)
    if (kind === undefined)
      throw new ImagoError('UNSUPPORTED', `package '${record.package}' knows no resources of kind '${record.kind}'`, {
        hint: 'install the version that made it',
      })
    await orAbandon(kind.destroy(record, signal), signal, graceMs)
    return { record, outcome: 'removed' }
  } catch (error) {
    return { record, outcome: 'failed', error: errorToJson(error) }
  }
}

async function pluginFor(packageName: string, options: SweepOptions): Promise<Plugin> {
  const known = [core, ...(options.plugins ?? [])].find((plugin) => plugin.name === packageName)
  return known ?? (options.loadPlugin ?? importPlugin)(packageName)
}

/** Imports the `plugin` that a package exports. @throws ImagoError `TOOL_MISSING` when there is no such package or export */
async function importPlugin(packageName: string): Promise<Plugin> {
  try {
    const module: { readonly plugin?: Plugin } = await import(packageName)
    if (module.plugin !== undefined) return module.plugin
  } catch (error) {
    throw new ImagoError('TOOL_MISSING', `package '${packageName}' cannot be loaded: ${messageOf(error)}`, {
      cause: error,
      hint: 'run it where that package is installed',
    })
  }
  throw new ImagoError('TOOL_MISSING', `package '${packageName}' exports no plugin`)
}

/** Asks every plugin, past the failures of others; answers with the first of those, too. */
async function findByLabels(
  plugins: readonly Plugin[],
  signal: AbortSignal,
): Promise<{ readonly found: readonly FoundResource[]; readonly failed: ImagoError | undefined }> {
  const answers = await Promise.allSettled(plugins.map(async (plugin) => (await plugin.find?.(signal)) ?? []))
  const failures = answers.flatMap((answer, index) =>
    answer.status === 'rejected' ? [findError(plugins[index]?.name ?? '', answer.reason)] : [],
  )
  return { found: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])), failed: failures[0] }
}

function findError(packageName: string, error: unknown): ImagoError {
  const { code, message, hint } = errorToJson(error)
  return new ImagoError(code === 'INTERNAL' ? 'PROVIDER_FAILED' : code, `package '${packageName}' cannot say what was left: ${message}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  })
}

function key(record: ResourceRecord): string {
  return [record.kind, record.name].join('\n')
}
