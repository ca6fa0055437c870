import { parseImageReference } from '@imago/container-registry'
import type { BuildContext, Facts } from '@imago/core'
import { ImagoError, resolveFacts } from '@imago/core'

import type { OciOptions } from './oci-options.ts'

/** What an image is called, and its archive. */
export interface ImageNames {
  /** Relative to the definition's folder. */
  readonly output: string
  readonly tag?: string
}

/** The names that the options say, or that functions of theirs make. @throws ImagoError `DEFINITION_INVALID` for what is no name */
export function imageNames(options: Pick<OciOptions, 'output' | 'tag'>, ctx: BuildContext): ImageNames {
  const facts: Facts = { buildName: ctx.build, builderType: ctx.builderType, runId: ctx.runId, image: ctx.image }
  const output = options.output === undefined ? `${ctx.image}-${ctx.build}.oci.tar` : resolveFacts(options.output, facts)
  if (output === '') throw new ImagoError('DEFINITION_INVALID', 'output: must not be empty')
  if (options.tag === undefined) return { output }
  const tag = resolveFacts(options.tag, facts)
  if (parseImageReference(tag).digest === undefined) return { output, tag }
  throw new ImagoError('DEFINITION_INVALID', `tag: must not hold a digest, not '${tag}'`)
}
