import { sshEntries, sshIssuesTogether } from '@imago/communicator-ssh'
import { winrmEntries, winrmIssuesTogether } from '@imago/communicator-winrm'
import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

const schemas = {
  ssh: v.strictObject({ communicator: v.optional(v.literal('ssh')), ...sshEntries, clearAuthorizedKeys: v.optional(v.boolean()) }),
  winrm: v.strictObject({ communicator: v.literal('winrm'), ...winrmEntries }),
  local: v.strictObject({ communicator: v.literal('local') }),
  none: v.strictObject({ communicator: v.literal('none') }),
}
const choice = v.object({ communicator: v.optional(v.picklist(['ssh', 'winrm', 'local', 'none'])) })

/** Every problem of the options of `nullBuilder()`, at once. */
export function nullIssues(options: object): readonly Issue[] {
  const chosen = v.safeParse(choice, options)
  if (!chosen.success) return optionSchema.schemaIssues(choice, options)
  const { communicator = 'ssh' } = chosen.output
  const issues = optionSchema.schemaIssues(schemas[communicator], options)
  switch (communicator) {
    case 'ssh':
      return [...issues, ...sshIssuesTogether(options), ...keyIssues(options)]
    case 'winrm':
      return [...issues, ...winrmIssuesTogether(options)]
    default:
      return issues
  }
}

/** What is removed from `authorized_keys` must be known, and stand there. */
function keyIssues(options: object): readonly Issue[] {
  const { clearAuthorizedKeys, key } = options as Readonly<Record<string, unknown>> // looked at one by one, whatever they are
  if (clearAuthorizedKeys !== true) return []
  const path = ['clearAuthorizedKeys']
  if (key === undefined) return [{ path, message: "needs the 'key' that is to be removed" }]
  if (typeof key !== 'object' || key === null || !('certificate' in key)) return []
  return [{ path, message: "cannot be with a certificate: the host's authorized_keys does not hold its key" }]
}
