import type { Artifact, FromFacts, Json, LocalOutput, PostProcessor, PostProcessorOptions, SameArtifact, Scope } from '@imago/core'
import { optionSchema, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import { writeEntry } from './write-entry.ts'

/** What `manifest` takes beside the common options of post-processors. */
export interface ManifestOptions {
  /** The file. Several builds, images and runs may share one. @default 'imago-manifest.json' */
  readonly output?: string
  /** Anything that is to stand in the entry: a version, a commit. Plain JSON, or a function of the facts that makes it. @default none */
  readonly customData?: FromFacts<{ readonly [name: string]: Json }>
  /** Names files without their folders, so that the manifest is the same wherever it was built. @default false */
  readonly stripPath?: boolean
}

const schema = v.strictObject({
  output: v.optional(optionSchema.text),
  customData: v.optional(optionSchema.fromFacts(v.record(v.string(), v.unknown()))),
  stripPath: v.optional(v.boolean()),
})

/**
 * Writes what was built into one JSON file, with an entry for each build of each image. A rerun replaces the build's entry. The file is
 * replaced as a whole and under a lock: builds and runs may write it at the same time, and nobody ever reads half of it. The next
 * post-processor of a chain gets the same artifact.
 *
 * Fails with `OUTPUT_UNWRITABLE` or `DISK_FULL` when the file cannot be written, and with `DEFINITION_INVALID` when what stands there is
 * no manifest: that is left as it is.
 * @example manifest({ output: 'out/manifest.json', customData: { commit } })
 */
export function manifest<const O extends string = never, const X extends string = never>(
  options: ManifestOptions & PostProcessorOptions & Scope<O, X> = {},
): PostProcessor<Artifact, SameArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own: parts } = splitStepOptions(options)
  const own: ManifestOptions = parts
  const output = own.output ?? 'imago-manifest.json'
  return {
    kind: 'post-processor',
    type: 'manifest',
    ...common,
    options: own,
    title: output,
    takes: 'any',
    makes: 'same',
    input: 'needed',
    validate: () => optionSchema.schemaIssues(schema, own),
    outputs: (): LocalOutput[] => [{ path: output, at: ['output'], shared: true }],
    async process(artifact, context) {
      await writeEntry(output, own, artifact, context)
      return artifact as SameArtifact // stands for whatever type came in: see the type's description
    },
  }
}
