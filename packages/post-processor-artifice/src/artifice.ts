import type { Artifact, FilesArtifact, FromFacts, PostProcessor, PostProcessorOptions, Scope } from '@imago/core'
import { optionSchema, resolveFacts, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import { findFiles } from './find-files.ts'

/** What {@link artifice} takes beside the common options of post-processors. */
export interface ArtificeOptions {
  /**
   * The files, from the definition's folder: paths, or patterns with `*`, `?`, `[…]`, `{…}` and `**`. A path that there is, is taken as it
   * is written. Each must name a file at least. May be a function of the facts.
   */
  readonly files: FromFacts<readonly string[]>
}

const schema = v.strictObject({
  files: optionSchema.fromFacts(v.pipe(v.array(optionSchema.text), v.nonEmpty('must not be empty'))),
})

/**
 * Makes files of this machine the artifact, for the rest of the chain: what a step has downloaded, or what a program has written there. The
 * artifact that came in is kept.
 * @throws ImagoError (from `process`) `INPUT_MISSING` where nothing is found, `CANCELLED`
 * @example artifice({ files: ['out/*.deb'] })
 */
export function artifice<const O extends string = never, const X extends string = never>(
  options: ArtificeOptions & PostProcessorOptions & Scope<O, X>,
): PostProcessor<Artifact, FilesArtifact, NoInfer<O>, NoInfer<X>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'post-processor',
    type: 'artifice',
    ...common,
    options: own,
    ...(Array.isArray(own.files) && { title: own.files.join(', ') }),
    takes: 'any',
    makes: { type: 'files', files: true },
    input: 'kept',
    validate: () => optionSchema.schemaIssues(schema, own),
    async process(input, { facts, directory, signal }) {
      const files = await findFiles(resolveFacts(own.files, facts), directory, signal)
      return { type: 'files', id: input.id, files }
    },
  }
}
