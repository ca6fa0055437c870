import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import { ciphers, hostKeyAlgorithms, keyExchanges, macs } from './algorithms.ts'

const { duration, text, textOrSecret } = optionSchema

const port = v.pipe(
  v.number('must be a port number'),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be 1 to 65535'),
  v.maxValue(65_535, 'must be 1 to 65535'),
)
const count = v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1'))
const fingerprint = v.pipe(
  v.string(),
  v.regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, "must be a fingerprint as 'ssh-keygen -l' prints it: SHA256: and 43 characters"),
)

const keyOptions = { passphrase: v.optional(textOrSecret), certificate: v.optional(text) }
const login = {
  user: v.optional(text),
  key: v.optional(v.union([v.strictObject({ file: text, ...keyOptions }), v.strictObject({ inline: textOrSecret, ...keyOptions })])),
  agent: v.optional(v.union([v.boolean(), text])),
  password: v.optional(textOrSecret),
  hostKey: v.optional(
    v.union([
      v.literal('first-use'),
      v.strictObject({ fingerprint: v.union([fingerprint, v.pipe(v.array(fingerprint), v.minLength(1, 'must hold a fingerprint'))]) }),
      v.strictObject({ knownHosts: text }),
    ]),
  ),
}
const tunnels = v.array(v.strictObject({ bind: v.optional(text), port, to: v.strictObject({ host: text, port }) }))

/** Algorithms of one kind, in order of preference. */
function someOf(names: readonly string[]): v.GenericSchema {
  return v.optional(v.pipe(v.array(v.picklist(names)), v.minLength(1, 'must name at least one')))
}

/** The schemas of {@link SshAccess}, to be spread into a `v.strictObject` by builders whose options hold them. */
export const sshAccessEntries: Readonly<Record<string, v.GenericSchema>> = {
  ...login,
  bastions: v.optional(v.array(v.strictObject({ host: text, port: v.optional(port), ...login }))),
  proxy: v.optional(
    v.strictObject({
      type: v.literal('socks5'),
      host: text,
      port: v.optional(port),
      user: v.optional(text),
      password: v.optional(textOrSecret),
    }),
  ),
  ipVersion: v.optional(v.picklist([4, 6])),
  tunnels: v.optional(v.strictObject({ local: v.optional(tunnels), remote: v.optional(tunnels) })),
  timeout: v.optional(duration),
  pauseBeforeConnecting: v.optional(duration),
  loginAttempts: v.optional(count),
  keepAlive: v.optional(v.union([v.literal(false), v.strictObject({ interval: v.optional(duration), count: v.optional(count) })])),
  readWriteTimeout: v.optional(duration),
  forwardAgent: v.optional(v.boolean()),
  algorithms: v.optional(
    v.strictObject({
      ciphers: someOf(ciphers),
      keyExchanges: someOf(keyExchanges),
      hostKeys: someOf(hostKeyAlgorithms),
      macs: someOf(macs),
    }),
  ),
  compression: v.optional(v.boolean()),
  transfer: v.optional(v.picklist(['auto', 'tar', 'sftp'])),
}

/** The schemas of {@link SshOptions}, likewise. */
export const sshEntries: Readonly<Record<string, v.GenericSchema>> = { host: text, port: v.optional(port), ...sshAccessEntries }

/** What options of an SSH connection mean together, wherever they stand. */
export function sshIssuesTogether(options: object): readonly Issue[] {
  const { forwardAgent, agent, proxy } = options as Readonly<Record<string, unknown>> // looked at one by one, whatever they are
  const issues: Issue[] = []
  if (forwardAgent === true && agent === false) {
    issues.push({ path: ['forwardAgent'], message: "needs an agent, and 'agent' is false" })
  }
  if (typeof proxy === 'object' && proxy !== null && 'password' in proxy && !('user' in proxy)) {
    issues.push({ path: ['proxy', 'password'], message: "needs a 'user' beside it" })
  }
  return issues
}
