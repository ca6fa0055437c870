import { sshEntries, sshIssuesTogether } from '@imago/communicator-ssh'
import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

const schemas = {
  ssh: v.strictObject({ communicator: v.optional(v.literal('ssh')), ...sshEntries }),
  local: v.strictObject({ communicator: v.literal('local') }),
  none: v.strictObject({ communicator: v.literal('none') }),
}
const choice = v.object({ communicator: v.optional(v.picklist(['ssh', 'local', 'none'])) })

/** Every problem of the options of `nullBuilder()`, at once. */
export function nullIssues(options: object): readonly Issue[] {
  const chosen = v.safeParse(choice, options)
  if (!chosen.success) return optionSchema.schemaIssues(choice, options)
  const { communicator = 'ssh' } = chosen.output
  const issues = optionSchema.schemaIssues(schemas[communicator], options)
  return communicator === 'ssh' ? [...issues, ...sshIssuesTogether(options)] : issues
}
