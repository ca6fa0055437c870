import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import type { ArtifactFile, BuildContext, Builder, FilesArtifact } from '@imago/core'
import { abortError, fileSystemError, optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { FileBuilderOptions } from './file-builder-options.ts'

/** One file. */
export interface FileArtifact extends FilesArtifact {
  readonly type: 'file'
  readonly files: readonly [ArtifactFile]
}

const schema = v.union([
  v.strictObject({ path: optionSchema.text, source: optionSchema.text }),
  v.strictObject({ path: optionSchema.text, content: v.string() }),
])

/**
 * Makes an artifact of one file, to try post-processors with, as Packer's builder `file` does. There is no machine: provisioners that
 * need one fail.
 *
 * Fails with `INPUT_MISSING` when the source is gone, `OUTPUT_UNWRITABLE` and `DISK_FULL`.
 * @example fileBuilder({ content: 'hello\n', path: 'out/hello.txt' })
 */
export function fileBuilder(options: FileBuilderOptions): Builder<FileArtifact> {
  return {
    kind: 'builder',
    type: 'file',
    options,
    makes: { type: 'file', files: true },
    validate: () => optionSchema.schemaIssues(schema, options),
    inputs: () => (typeof options.source === 'string' ? [{ path: options.source, at: ['source'], kind: 'file' }] : []),
    outputs: () => (typeof options.path === 'string' ? [{ path: options.path, at: ['path'] }] : []),
    build: (ctx) => build(options, ctx),
  }
}

async function build(options: FileBuilderOptions, ctx: BuildContext): Promise<FileArtifact> {
  const { nullBuilder } = await import('@imago/builder-null')
  await nullBuilder({ communicator: 'none' }).build(ctx)
  const path = resolve(ctx.directory, options.path)
  const source = options.source === undefined ? Readable.from([options.content]) : createReadStream(resolve(ctx.directory, options.source))
  const file = await write(source, path, ctx.signal)
  return { type: 'file', id: path, files: [file] }
}

async function write(source: Readable, path: string, signal: AbortSignal): Promise<ArtifactFile> {
  const temporary = `${path}.${randomUUID()}.partial`
  const hash = createHash('sha256')
  let size = 0
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = (await open(temporary, 'wx', 0o644)).createWriteStream()
    const measure = async function* (chunks: AsyncIterable<string | Buffer>): AsyncGenerator<Buffer, void, undefined> {
      for await (const chunk of chunks) {
        const bytes = Buffer.from(chunk)
        hash.update(bytes)
        size += bytes.length
        yield bytes
      }
    }
    await pipeline(source, measure, file, { signal })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // what went wrong first counts
    throw signal.aborted ? abortError(signal) : fileSystemError(error, `write ${path}`)
  }
  return { path, size, sha256: hash.digest('hex') }
}
