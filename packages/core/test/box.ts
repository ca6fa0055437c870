import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Builder, Communicator, FilesArtifact, Provisioner, StepOptions } from '../src/index.ts'
import { resolveFacts, splitStepOptions } from '../src/index.ts'
import type { FromFacts, LocalInput } from '../src/index.ts'
import { machine } from './fixtures.ts'

/** What tells of the builds of a {@link box}. */
export interface BoxLog {
  /** The steps that ran, in order. */
  readonly ran: string[]
  /** How many artifacts were made. */
  made: number
}

/** A machine that is a folder. */
interface Box extends Communicator {
  readonly folder: string
}

/** A builder whose machine is a folder of files, whose snapshots are copies of it, and whose artifact lists its files. */
export function box(
  log: BoxLog,
  {
    found,
    ...options
  }: { readonly base?: string; readonly output?: string; /** What the build finds in the place of `base`. */ readonly found?: string } = {},
): Builder<FilesArtifact> {
  const { base = 'one', output = 'box.txt' } = options
  const identity = { base }
  return {
    kind: 'builder',
    type: 'box',
    options,
    makes: { type: 'files', files: true },
    base: () => Promise.resolve(identity),
    snapshots: {
      has: async ({ key }, { cacheDirectory }) => await exists(join(cacheDirectory, key)),
      remove: async ({ key }, { cacheDirectory }) => await rm(join(cacheDirectory, key), { recursive: true, force: true }),
    },
    async build(ctx) {
      const folder = join(ctx.workDirectory, 'box')
      const key = await ctx.findSnapshot({ base: found ?? base })
      await mkdir(folder)
      if (key !== undefined) await cp(join(ctx.cacheDirectory, key), folder, { recursive: true })
      const way: Box = { ...machine, exec: countOne, folder }
      await ctx.provision(way, { machineId: folder }, async (name) => {
        await cp(folder, join(ctx.cacheDirectory, name), { recursive: true })
        return { bytes: 1000 }
      })
      log.made++
      const path = join(ctx.directory, output)
      const names = (await readdir(folder)).toSorted()
      const content = (await Promise.all(names.map(async (name) => `${name}: ${await readFile(join(folder, name), 'utf8')}\n`))).join('')
      await writeFile(path, content)
      return { type: 'files', id: path, files: [{ path, size: content.length }] }
    },
  }
}

/** Answers that there is one process. */
const countOne: Communicator['exec'] = (_, { onOutput } = {}) => {
  onOutput?.('stdout', Buffer.from('1\n'))
  return Promise.resolve({ exitCode: 0 })
}

/** What {@link put} takes beside the common options of steps. */
interface PutOptions {
  readonly file: string
  readonly text?: FromFacts<string>
  /** A local file to take the text from. */
  readonly source?: string
  readonly fails?: boolean
}

/** A provisioner that writes a file into a {@link box}. */
export function put(log: BoxLog, options: PutOptions & StepOptions): Provisioner {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as PutOptions // what is left
  const inputs = (): readonly LocalInput[] => (own.source === undefined ? [] : [{ path: own.source, at: ['source'] }])
  return {
    kind: 'provisioner',
    type: 'put',
    ...common,
    options: own,
    title: own.file,
    inputs,
    cacheable: { revision: 1 },
    async provision(ctx) {
      log.ran.push(own.file)
      if (own.fails === true) throw new Error('broken')
      const text =
        own.source === undefined ? resolveFacts(own.text ?? '', ctx.facts) : await readFile(join(ctx.directory, own.source), 'utf8')
      await writeFile(join((ctx.machine as Box).folder, own.file), text) // it is this file's builder that it is used with
    },
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
