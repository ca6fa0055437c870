import * as v from 'valibot'

import { formatIssues, ImagoError } from './error.ts'
import { duration, schemaIssues, text } from './option-schema.ts'
import type { OnError, RunOptions, Selection } from './run-options.ts'

const room = v.custom<number>(
  (value) => value === Infinity || (Number.isInteger(value) && Number(value) > 0),
  'must be a whole number of 1 or more',
)

const onError = v.custom<OnError>(
  (value) => typeof value === 'function' || value === 'cleanup' || value === 'abort' || value === 'run-cleanup-provisioner',
  "must be 'cleanup', 'abort', 'run-cleanup-provisioner' or a function",
)

const schema = v.object({
  directory: v.optional(text),
  stateDirectory: v.optional(text),
  concurrency: v.optional(room),
  pools: v.optional(v.record(v.string(), room)),
  failFast: v.optional(v.boolean()),
  onError: v.optional(onError),
  releaseTimeout: v.optional(duration),
  cache: v.optional(
    v.union([
      v.boolean(),
      v.strictObject({ from: v.optional(text), maxBytes: v.optional(v.pipe(v.number(), v.minValue(0, 'must be 0 or more'))) }),
    ]),
  ),
  provenance: v.optional(v.union([v.boolean(), v.strictObject({ materials: v.optional(v.array(v.looseObject({}))) })])),
  onEvent: v.optional(v.function()),
  runId: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9]{8,40}$/, 'must be 8 to 40 lower case letters and digits'))),
  only: v.optional(v.array(v.string())),
  except: v.optional(v.array(v.string())),
})

/** Options may come from data, too. @throws ImagoError `USAGE` with every problem */
export function checkRunOptions(options: RunOptions & Selection): void {
  const issues = schemaIssues(schema, options)
  if (issues.length > 0) throw new ImagoError('USAGE', `the options of the run are wrong:\n${formatIssues(issues)}`, { issues })
}
