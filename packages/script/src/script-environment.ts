import type { Facts, FromFacts, Secret } from '@imago/core'
import { isSecret, optionSchema, resolveFacts, reveal } from '@imago/core'
import * as v from 'valibot'

/** Environment variables of a step, by name. */
export type ScriptEnvironment = Readonly<Record<string, FromFacts<string | Secret>>>

/** The schema of {@link ScriptEnvironment}. */
export const scriptEnvironment: v.GenericSchema = v.record(optionSchema.environment.key, optionSchema.fromFacts(optionSchema.textOrSecret))

/** What resolving an environment needs of a step's context. */
interface EnvironmentContext {
  readonly facts: Facts
  maskSecret(value: string): void
}

/** The values of an environment. Secrets are masked from now on, also those that only the facts brought. */
export function resolveEnvironment(env: ScriptEnvironment, context: EnvironmentContext): Record<string, string> {
  const entries = Object.entries(env).map(([name, value]) => [name, plainText(resolveFacts(value, context.facts), context)] as const)
  return Object.fromEntries(entries)
}

/** The string inside a secret, masked from now on. */
export function plainText(value: string | Secret, context: Pick<EnvironmentContext, 'maskSecret'>): string {
  if (isSecret(value)) context.maskSecret(reveal(value))
  return reveal(value)
}
