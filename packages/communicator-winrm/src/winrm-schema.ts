import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

const { duration, text, textOrSecret } = optionSchema

const port = v.pipe(
  v.number('must be a port number'),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be 1 to 65535'),
  v.maxValue(65_535, 'must be 1 to 65535'),
)
const count = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1'))

/** The schemas of {@link WinrmAccess}, to be spread into a `v.strictObject` by builders whose options hold them. */
export const winrmAccessEntries: Readonly<Record<string, v.GenericSchema>> = {
  user: v.optional(text),
  password: textOrSecret,
  tls: v.optional(v.union([v.boolean(), v.strictObject({ ca: v.optional(text), insecure: v.optional(v.boolean()) })])),
  auth: v.optional(v.picklist(['basic', 'ntlm'])),
  timeout: v.optional(duration),
  pauseBeforeConnecting: v.optional(duration),
  loginAttempts: v.optional(count),
}

/** The schemas of {@link WinrmOptions}, likewise. */
export const winrmEntries: Readonly<Record<string, v.GenericSchema>> = { host: text, port: v.optional(port), ...winrmAccessEntries }

/** What options of a WinRM connection mean together, wherever they stand. */
export function winrmIssuesTogether(options: object): readonly Issue[] {
  const { tls, user } = options as Readonly<Record<string, unknown>> // looked at one by one, whatever they are
  const issues: Issue[] = []
  if (typeof tls === 'object' && tls !== null && 'ca' in tls && 'insecure' in tls && tls.insecure === true) {
    issues.push({ path: ['tls', 'ca'], message: "has no use beside 'insecure'" })
  }
  if (typeof user === 'string' && user.includes(':')) {
    issues.push({ path: ['user'], message: `must not have a colon, not '${user}'` })
  }
  return issues
}
