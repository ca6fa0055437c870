import { constants, existsSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { fileSystemError, ImagoError, systemCode } from './error.ts'
import type { ResourceRecord } from './resources.ts'

/** A line of a run's journal. */
type JournalLine =
  | { readonly type: 'run'; readonly version: 1; readonly runId: string; readonly owner: string; readonly startedAt: string }
  | { readonly type: 'intent'; readonly key: number; readonly record: ResourceRecord }
  | { readonly type: 'created'; readonly key: number; readonly id: string }
  | { readonly type: 'released'; readonly key: number }
  | { readonly type: 'finished' }

/** A resource that a journal says may exist. */
interface JournalEntry {
  readonly key: number
  readonly record: ResourceRecord
}

/** A run's journal as read from disk. */
export interface JournalFile {
  readonly path: string
  readonly runId: string
  readonly owner: string
  /** The run is over, whether or not its process still lives. */
  readonly finished: boolean
  /** What was to be created and has not been released, oldest first. */
  readonly left: readonly JournalEntry[]
}

/** Writes a run's journal: a line before each resource is created, one with its id after, one when it is gone. JSON lines, each synced to disk. */
export class Journal {
  readonly #path: string
  readonly #file: FileHandle
  readonly #left = new Map<number, ResourceRecord>()
  #lastKey = 0
  /** The last line may have been written in part. */
  #torn = false
  #queue: Promise<void> = Promise.resolve()

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  /** @throws ImagoError `OUTPUT_UNWRITABLE` or `DISK_FULL` */
  static async create(
    stateDirectory: string,
    run: { readonly runId: string; readonly owner: string; readonly startedAt: string },
  ): Promise<Journal> {
    const folder = journalFolder(stateDirectory)
    const path = join(folder, `${run.runId}.jsonl`)
    let journal: Journal
    try {
      await mkdir(folder, { recursive: true })
      journal = new Journal(path, await open(path, 'ax', 0o600))
    } catch (error) {
      if (systemCode(error) === 'EEXIST' && existsSync(path)) {
        throw new ImagoError('USAGE', `there is a run '${run.runId}' already`, { cause: error, hint: 'leave runId out, or choose another' })
      }
      throw fileSystemError(error, `the journal in ${folder}`)
    }
    try {
      await journal.#write({ type: 'run', version: 1, ...run })
      return journal
    } catch (error) {
      await journal.close()
      throw error
    }
  }

  async intend(record: ResourceRecord): Promise<number> {
    const key = ++this.#lastKey
    await this.#write({ type: 'intent', key, record })
    this.#left.set(key, record)
    return key
  }

  async created(key: number, record: ResourceRecord, id: string): Promise<void> {
    this.#left.set(key, { ...record, id })
    await this.#write({ type: 'created', key, id })
  }

  async released(key: number): Promise<void> {
    this.#left.delete(key)
    await this.#write({ type: 'released', key })
  }

  /** What has not been released. */
  get left(): readonly ResourceRecord[] {
    return [...this.#left.values()]
  }

  /** Closes the journal; when nothing is left, its file goes. */
  async close(): Promise<void> {
    try {
      await this.#queue
      if (this.#left.size > 0) await this.#write({ type: 'finished' })
    } finally {
      await this.#file.close()
    }
    if (this.#left.size === 0) await rm(this.#path, { force: true })
  }

  #write(line: JournalLine): Promise<void> {
    const written = this.#queue.then(async () => {
      const separator = this.#torn ? '\n' : ''
      this.#torn = true
      await this.#file.appendFile(`${separator}${JSON.stringify(line)}\n`)
      this.#torn = false
      await this.#file.datasync()
    })
    this.#queue = written.catch(() => undefined)
    return written.catch((error: unknown) => {
      throw fileSystemError(error, `the journal ${this.#path}`)
    })
  }
}

/** Writes into the journal of a run that is gone that a resource is, too. Does nothing when another sweep has removed the journal. */
export async function appendReleased(path: string, key: number): Promise<void> {
  const line: JournalLine = { type: 'released', key }
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_APPEND)
    // the last line may be half of one
    await file.appendFile(`\n${JSON.stringify(line)}\n`).finally(() => file.close())
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileSystemError(error, `the journal ${path}`)
  }
}

/** Reads the journals of all runs. Lines that a dying process left half-written are passed over, and so are runs that end just now. */
export async function readJournals(stateDirectory: string): Promise<JournalFile[]> {
  const folder = journalFolder(stateDirectory)
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw fileSystemError(error, `the journal in ${folder}`)
  })
  const files = names.filter((name) => name.endsWith('.jsonl')).toSorted()
  const journals = await Promise.all(files.map((name) => readJournal(join(folder, name), name.slice(0, -'.jsonl'.length))))
  return journals.filter((journal) => journal !== undefined)
}

async function readJournal(path: string, runId: string): Promise<JournalFile | undefined> {
  const lines = (await readText(path))?.split('\n').flatMap(parseLine)
  if (lines === undefined) return undefined
  const left = new Map<number, ResourceRecord>()
  let owner = ''
  let finished = false
  for (const line of lines) {
    switch (line.type) {
      case 'run':
        owner = line.owner
        break
      case 'intent':
        left.set(line.key, line.record)
        break
      case 'created': {
        const record = left.get(line.key)
        if (record !== undefined) left.set(line.key, { ...record, id: line.id })
        break
      }
      case 'released':
        left.delete(line.key)
        break
      case 'finished':
        finished = true
        break
    }
  }
  return { path, runId, owner, finished, left: [...left].map(([key, record]) => ({ key, record })) }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw fileSystemError(error, `the journal ${path}`)
  }
}

function parseLine(line: string): JournalLine[] {
  if (line === '') return []
  try {
    return [JSON.parse(line) as JournalLine] // only Journal writes these files
  } catch {
    return []
  }
}

function journalFolder(stateDirectory: string): string {
  return join(stateDirectory, 'journal')
}
