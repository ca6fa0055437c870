import type { Secret } from '@imago/core'
import { ImagoError, isSecret, optionSchema, reveal } from '@imago/core'
import * as v from 'valibot'

import { runCredentialHelper } from './credential-helper.ts'
import type { RegistryCredentials } from './credentials.ts'
import { registryCredentials, serverOf, toCredentials } from './credentials.ts'

/** A login that a credential helper of Docker's makes. */
export interface HelperLogin {
  /** The program `docker-credential-<helper>`: `'ecr-login'`. */
  readonly helper: string
  /** Added to its environment: `{ AWS_PROFILE: 'build' }`. @default none */
  readonly env?: Readonly<Record<string, string | Secret>>
}

/** The schema's entries for {@link HelperLogin}. */
export const helperLoginEntries: Readonly<Record<keyof HelperLogin, v.GenericSchema>> = {
  helper: v.pipe(v.string(), v.regex(/^[\w][\w.-]*$/, "must be the name behind 'docker-credential-'")),
  env: v.optional(v.record(v.string(), optionSchema.textOrSecret)),
}

/** A login to a registry: a user, or whom a credential helper says. */
export type RegistryLogin = { readonly username: string; readonly password: string | Secret; readonly helper?: never } | HelperLogin

/** What keeps the secrets of a login out of whatever is said, and ends the question. */
export interface LoginContext {
  readonly signal: AbortSignal
  readonly maskSecret: (value: string) => void
}

/**
 * What a registry is shown: the login, or else what `docker login` left; `undefined` when there is none.
 * @throws ImagoError as {@link helperCredentials} and `registryCredentials` say
 */
export async function loginCredentials(
  login: RegistryLogin | undefined,
  registry: string,
  ctx: LoginContext,
): Promise<RegistryCredentials | undefined> {
  if (login === undefined) return await registryCredentials(registry, { signal: ctx.signal })
  return login.helper === undefined ? { username: login.username, password: login.password } : await helperCredentials(login, registry, ctx)
}

const namedBy = { what: 'the login', hint: 'install it on this machine, where PATH has it' }

/**
 * Asks a credential helper for the credentials of a registry.
 * @throws ImagoError `TOOL_MISSING` when it is not installed, `AUTHENTICATION_FAILED` when it fails, or has none
 */
export async function helperCredentials(
  { helper, env = {} }: HelperLogin,
  registry: string,
  { signal, maskSecret }: LoginContext,
): Promise<RegistryCredentials> {
  const values = Object.entries(env).map(([name, value]) => {
    if (isSecret(value)) maskSecret(reveal(value))
    return [name, reveal(value)] as const
  })
  const found = await runCredentialHelper(helper, serverOf(registry), { env: Object.fromEntries(values), signal, namedBy })
  if (found !== undefined) return toCredentials(found)
  throw new ImagoError('AUTHENTICATION_FAILED', `'docker-credential-${helper}' has no credentials for '${registry}'`, {
    hint: `run 'echo ${serverOf(registry)} | docker-credential-${helper} get' to see why`,
  })
}
