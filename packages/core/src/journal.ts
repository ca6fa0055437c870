import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { fileSystemError, systemCode } from './error.ts'
import type { ResourceRecord } from './resources.ts'

/** A line of a run's journal. */
type JournalLine =
  | { readonly type: 'run'; readonly version: 1; readonly runId: string; readonly owner: string; readonly startedAt: string }
  | { readonly type: 'intent'; readonly key: number; readonly record: ResourceRecord }
  | { readonly type: 'created'; readonly key: number; readonly id: string }
  | { readonly type: 'released'; readonly key: number }
  | { readonly type: 'finished' }

/** A resource that a journal says may exist. */
export interface JournalEntry {
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
    try {
      await mkdir(folder, { recursive: true })
      const path = join(folder, `${run.runId}.jsonl`)
      const journal = new Journal(path, await open(path, 'ax', 0o600))
      await journal.#write({ type: 'run', version: 1, ...run })
      return journal
    } catch (error) {
      throw fileSystemError(error, `the journal in ${folder}`)
    }
  }

  async intend(record: ResourceRecord): Promise<number> {
    const key = ++this.#lastKey
    this.#left.set(key, record)
    await this.#write({ type: 'intent', key, record })
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
    if (this.#left.size > 0) await this.#write({ type: 'finished' })
    await this.#queue
    await this.#file.close()
    if (this.#left.size === 0) await rm(this.#path, { force: true })
  }

  #write(line: JournalLine): Promise<void> {
    const written = this.#queue.then(async () => {
      await this.#file.appendFile(`${JSON.stringify(line)}\n`)
      await this.#file.datasync()
    })
    this.#queue = written.catch(() => undefined)
    return written.catch((error: unknown) => {
      throw fileSystemError(error, `the journal ${this.#path}`)
    })
  }
}

/** Reads the journals of all runs. Lines that a dying process left half-written are passed over. */
export async function readJournals(stateDirectory: string): Promise<JournalFile[]> {
  const folder = journalFolder(stateDirectory)
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw fileSystemError(error, `the journal in ${folder}`)
  })
  const files = names.filter((name) => name.endsWith('.jsonl')).toSorted()
  return Promise.all(files.map((name) => readJournal(join(folder, name), name.slice(0, -'.jsonl'.length))))
}

async function readJournal(path: string, runId: string): Promise<JournalFile> {
  const lines = (await readFile(path, 'utf8')).split('\n').flatMap(parseLine)
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
