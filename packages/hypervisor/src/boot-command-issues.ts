import type { Issue } from '@imago/core'
import { messageOf, optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { BootCommand } from './boot-command.ts'
import { parseBootCommand } from './boot-command.ts'
import { awaitedPattern } from './boot-wait.ts'

const { duration, text } = optionSchema
const wholeNumber = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0, 'must not be negative'))
const length = v.pipe(wholeNumber, v.minValue(1, 'must be at least 1'))

const waitForText = v.strictObject({
  type: v.literal('wait-for-text'),
  pattern: text,
  flags: v.optional(v.string()),
  timeout: v.optional(duration),
})
const waitForScreen = v.strictObject({
  type: v.literal('wait-for-screen'),
  reference: text,
  tolerance: v.optional(v.pipe(v.number(), v.minValue(0, 'must be 0 to 100'), v.maxValue(100, 'must be 0 to 100'))),
  region: v.optional(v.strictObject({ x: wholeNumber, y: wholeNumber, width: length, height: length })),
  timeout: v.optional(duration),
})
/** The schema of `BootCommand`, without its grammar. */
export const bootCommandSchema: v.GenericSchema = v.union([
  v.string(),
  v.array(v.union([v.string(), v.variant('type', [waitForText, waitForScreen])])),
])

/** Every problem of a boot command, whatever it is, with paths from the command on. Pure. */
export function bootCommandIssues(command: BootCommand): readonly Issue[] {
  const issues = optionSchema.schemaIssues(bootCommandSchema, command)
  if (issues.length > 0) return issues
  const patterns = typeof command === 'string' ? [] : command.flatMap((element, index) => patternIssues(element, index))
  return [...parseBootCommand(command).issues, ...patterns]
}

function patternIssues(element: Exclude<BootCommand, string>[number], index: number): readonly Issue[] {
  if (typeof element === 'string' || element.type !== 'wait-for-text') return []
  try {
    awaitedPattern(element)
    return []
  } catch (error) {
    return [{ path: [index, 'pattern'], message: messageOf(error) }]
  }
}
