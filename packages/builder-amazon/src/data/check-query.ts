import { formatPath, ImagoError, optionSchema, timeLimit } from '@imago/core'
import type * as v from 'valibot'

/** @throws ImagoError `DEFINITION_INVALID` with every problem of what a data helper was given */
export function checkQuery(what: string, schema: v.GenericSchema, query: object): void {
  const issues = optionSchema.schemaIssues(schema, query)
  if (issues.length === 0) return
  const said = issues.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('; ')
  throw new ImagoError('DEFINITION_INVALID', `${what}: ${said}`, { issues })
}

/** What every data helper takes. */
export interface DataOptions {
  /** Ends the question. @default it ends by itself after two minutes */
  readonly signal?: AbortSignal
}

/** The signal of a data helper. */
export function signalOf({ signal }: DataOptions): AbortSignal {
  return signal ?? timeLimit(120_000)
}
