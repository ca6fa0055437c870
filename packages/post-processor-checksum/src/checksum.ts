import type { FilesArtifact, FromFacts, LocalOutput, PostProcessor, PostProcessorOptions, Scope } from '@imago/core'
import { optionSchema, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import { writeChecksums } from './write-checksums.ts'

const algorithmNames = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const

/** How to compute a checksum. `md5` and `sha1` find accidents only: whoever wants to can make files that have the same. */
export type ChecksumAlgorithm = (typeof algorithmNames)[number]

/** What {@link checksum} takes beside the common options. */
export interface ChecksumOptions {
  /** One file of checksums is written for each. All are computed while the files are read once. @default ['sha256'] */
  readonly algorithms?: readonly ChecksumAlgorithm[]
  /**
   * The file to write; what stands there is replaced. With several algorithms it is the beginning of the names: `.sha256`, … are added.
   * @default `<image>-<build>`, with the algorithm added, in the folder of the artifact's files
   */
  readonly output?: FromFacts<string>
}

const schema = v.strictObject({
  algorithms: v.optional(
    v.pipe(
      v.array(v.picklist(algorithmNames)),
      v.nonEmpty('must not be empty'),
      v.check((names) => new Set(names).size === names.length, 'must name each algorithm once'),
    ),
  ),
  output: v.optional(optionSchema.fromFacts(optionSchema.text)),
})

/**
 * Writes checksums of an artifact's files, as `sha256sum -c` and its like take them: names are relative to the folder of the file they
 * stand in. The files are read, also when their SHA-256 is known; where `sha256` is among the algorithms, it is compared then. The new
 * artifact has the same files, and those with the checksums.
 * @throws ImagoError (from `process`) `INPUT_MISSING`, `CHECKSUM_MISMATCH`, `DISK_FULL`, `OUTPUT_UNWRITABLE`, `CANCELLED`, `UNSUPPORTED`
 * @example checksum({ algorithms: ['sha256', 'sha512'] })
 */
export function checksum<const O extends string = never, const X extends string = never>(
  options: ChecksumOptions & PostProcessorOptions & Scope<O, X> = {},
): PostProcessor<FilesArtifact, FilesArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own: parts } = splitStepOptions(options)
  const own: ChecksumOptions = parts
  const { output, algorithms = ['sha256'] } = own
  return {
    kind: 'post-processor',
    type: 'checksum',
    ...common,
    options: own,
    title: algorithms.join(', '),
    takes: 'files',
    makes: { type: 'files', files: true },
    input: 'needed',
    validate: () => optionSchema.schemaIssues(schema, own),
    outputs: () => (typeof output === 'string' ? outputsOf(output, algorithms) : []),
    process: (input, ctx) => writeChecksums(input, { algorithms, output }, ctx),
  }
}

function outputsOf(output: string, algorithms: readonly ChecksumAlgorithm[]): LocalOutput[] {
  return algorithms.map((algorithm) => ({ path: checksumFileName(output, algorithm, algorithms), at: ['output'] }))
}

/** The file for one of the algorithms, when `output` is given. */
export function checksumFileName(output: string, algorithm: ChecksumAlgorithm, algorithms: readonly ChecksumAlgorithm[]): string {
  return algorithms.length === 1 ? output : `${output}.${algorithm}`
}
