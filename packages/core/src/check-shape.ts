import * as v from 'valibot'

import type { Image } from './image.ts'
import { isImage } from './image.ts'
import type { Issue } from './issue.ts'
import { schemaIssues, secretValue } from './option-schema.ts'
import { isParameterized } from './parameters.ts'

const shape = v.object({ type: v.string(), files: v.boolean() })
const component = { type: v.string(), options: v.looseObject({}), name: v.optional(v.string()) }
const provisioner = v.object({ ...component, kind: v.literal('provisioner'), provision: v.function() })
const postProcessor = v.object({
  ...component,
  kind: v.literal('post-processor'),
  takes: v.union([v.picklist(['any', 'files']), v.array(v.string())]),
  makes: v.union([v.literal('same'), shape]),
  input: v.picklist(['kept', 'removed', 'needed']),
  process: v.function(),
})
const image = v.strictObject({
  kind: v.literal('image'),
  name: v.string(),
  description: v.optional(v.string()),
  builders: v.record(v.string(), v.object({ ...component, kind: v.literal('builder'), makes: shape, build: v.function() })),
  provisioners: v.array(provisioner),
  errorCleanup: v.array(provisioner),
  postProcessors: v.array(v.array(postProcessor)),
  secrets: v.optional(v.array(secretValue)),
  retain: v.optional(v.looseObject({})),
})

/**
 * What is wrong with the parts of a definition that comes from data or from JavaScript, where no compiler has looked at it. While there is
 * such an issue, nothing else can be done with the definition, not even be checked.
 */
export function checkShape(definition: unknown): Issue[] {
  if (isImage(definition)) return schemaIssues(image, definition).map((issue) => ({ ...issue, path: writtenPath(issue.path, definition) }))
  const hint = isParameterized(definition) ? 'it has parameters: give them values with image.with({ … })' : 'make one with defineImage()'
  return [{ path: [], message: 'this is no image definition', hint }]
}

/** Where it stands in the definition, in which a post-processor that is a chain by itself needs no list. */
function writtenPath(path: Issue['path'], { postProcessors }: Image): Issue['path'] {
  const [list, index, , ...rest] = path
  const isAlone = list === 'postProcessors' && typeof index === 'number' && postProcessors[index]?.length === 1
  return isAlone ? [list, index, ...rest] : path
}
