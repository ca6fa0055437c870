import * as v from 'valibot'

import { checkScope } from '../check-scope.ts'
import type { Builder } from '../component.ts'
import type { Image } from '../image.ts'
import type { Issue } from '../issue.ts'
import { prefixIssues } from '../issue.ts'
import { schemaIssues } from '../option-schema.ts'
import { retentionOf } from './retention-of.ts'

const schema = v.strictObject({
  last: v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be 1 or more')),
  only: v.optional(v.array(v.string())),
  except: v.optional(v.array(v.string())),
})

/** What is wrong with an image's `retain`. No build may seem to be covered by it whose earlier artifacts nobody can find. */
export function checkRetention(image: Image): Issue[] {
  const { retain } = image
  if (retain === undefined) return []
  const issues = prefixIssues(['retain'], [...schemaIssues(schema, retain), ...checkScope(image, retain)])
  const builds = Object.entries(image.builders).filter(([build]) => retentionOf({ image, build }) !== undefined)
  return [...issues, ...builds.flatMap(([build, builder]) => checkBuilder(build, builder))]
}

function checkBuilder(build: string, builder: Builder): Issue[] {
  if (builder.makes.files || (builder.artifacts !== undefined && builder.destroyArtifact !== undefined)) return []
  const message = `what builder '${build}' makes (${builder.makes.type}) cannot be found again and removed`
  return [{ path: ['retain'], message, hint: `leave it out with except: ['${build}']` }]
}
