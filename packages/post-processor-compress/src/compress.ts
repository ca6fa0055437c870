import type { ArchiveFormat } from '@imago/archive'
import { formatNames } from '@imago/archive'
import type { FilesArtifact, FromFacts, PostProcessor, PostProcessorOptions, Scope } from '@imago/core'
import { optionSchema, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import { formatIssues } from './format-issues.ts'
import { pack } from './pack.ts'

/** What {@link compress} takes beside the common options. */
export interface CompressOptions {
  /**
   * The file to write. Its name says the format: `.tar.gz` or `.tgz`, `.tar.zst` or `.tzst`, `.tar`, `.zip`; `.gz` and `.zst` for a
   * single file. What stands there is replaced. @default `<image>-<build>.tar.gz`
   */
  readonly output?: FromFacts<string>
  /** The format of an output whose name does not say it. @default what the output's name says */
  readonly format?: ArchiveFormat
  /**
   * How hard to try: 0 (store) to 9 for gzip and zip, as zlib counts; 1 to 22 for zstd.
   * @default 3 for zip, else 2
   */
  readonly level?: number
  /**
   * How many cores to use, for gzip and zstd. More than the four threads of Node's pool are used when `UV_THREADPOOL_SIZE` says so.
   * @default all
   */
  readonly threads?: number
}

const schema = v.strictObject({
  output: v.optional(optionSchema.fromFacts(optionSchema.text)),
  format: v.optional(v.picklist(formatNames)),
  level: v.optional(v.pipe(v.number(), v.integer('must be a whole number'))),
  threads: v.optional(v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be 1 or more'))),
})

/**
 * Packs an artifact's files into one archive, with the folders that they are in below the one they have in common. What cannot be
 * compressed is stored. The archive appears under its name when it is complete; `sha256` of the new artifact's file is known then.
 * @throws ImagoError (from `process`) `DISK_FULL`, `OUTPUT_UNWRITABLE`, `INPUT_MISSING`, `UNSUPPORTED`, `CANCELLED`
 * @example compress({ output: 'cow.tar.zst' })
 */
export function compress<const O extends string = never, const X extends string = never>(
  options: CompressOptions & PostProcessorOptions & Scope<O, X> = {},
): PostProcessor<FilesArtifact, FilesArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  const { output } = own
  return {
    kind: 'post-processor',
    type: 'compress',
    ...common,
    options: own,
    title: typeof output === 'string' ? output : 'compress',
    takes: 'files',
    makes: { type: 'files', files: true },
    input: 'removed',
    validate: () => [...optionSchema.schemaIssues(schema, own), ...formatIssues(own)],
    outputs: () => (typeof output === 'string' ? [{ path: output, at: ['output'] }] : []),
    process: (input, ctx) => pack(input, own, ctx),
  }
}
