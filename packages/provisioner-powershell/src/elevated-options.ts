import type { FromFacts, Issue, Secret } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

/** Whom a script runs as, with all the rights that this user has. */
export interface ElevatedOptions {
  /** An administrator of the machine, or `'SYSTEM'`. */
  readonly user: string
  /** The user's password. It goes into the environment of the command that makes the task. @default none: the account needs none */
  readonly password?: FromFacts<string | Secret>
}

/** The schema of {@link ElevatedOptions}. */
export const elevatedSchema: v.GenericSchema = v.strictObject({
  user: optionSchema.text,
  password: v.optional(optionSchema.fromFacts(optionSchema.textOrSecret)),
})

/** Accounts without a password. */
const serviceAccounts = /^(?:NT AUTHORITY\\)?(?:SYSTEM|LOCAL ?SERVICE|NETWORK ?SERVICE)$/i

/** Whether a user who has a password is given without. Options may come from data, and be wrong. */
export function elevatedIssues(elevated: unknown): readonly Issue[] {
  if (typeof elevated !== 'object' || elevated === null || !('user' in elevated) || typeof elevated.user !== 'string') return []
  if (('password' in elevated && elevated.password !== undefined) || serviceAccounts.test(elevated.user)) return []
  return [
    {
      path: ['elevated', 'password'],
      message: `is required for the user '${elevated.user}'`,
      hint: "only accounts of Windows itself, such as 'SYSTEM', have none",
    },
  ]
}
