import type { Json, Secret } from '@imago/core'
import { isSecret, optionSchema, reveal } from '@imago/core'
import * as v from 'valibot'

/** JSON with secrets anywhere in it. */
export type SecretJson = string | number | boolean | null | Secret | readonly SecretJson[] | { readonly [name: string]: SecretJson }

/** An object of {@link SecretJson}. */
export interface SecretData {
  readonly [name: string]: SecretJson
}

const value: v.GenericSchema<unknown, SecretJson> = v.lazy((input) => {
  if (isSecret(input)) return optionSchema.secretValue
  if (Array.isArray(input)) return v.array(value)
  if (typeof input === 'object' && input !== null) return v.record(v.string(), value)
  return v.union([v.string(), v.pipe(v.number(), v.finite()), v.boolean(), v.null()])
})

/** The schema of {@link SecretData}. */
export const secretDataSchema: v.GenericSchema<unknown, SecretData> = v.record(v.string(), value)

/** The data as plain JSON, for a file that only its owner reads. The secrets in it are masked from now on. */
export function plainData(data: SecretJson, ctx: { maskSecret(value: string): void }): Json {
  if (isSecret(data)) {
    ctx.maskSecret(reveal(data))
    return reveal(data)
  }
  if (isList(data)) return data.map((item) => plainData(item, ctx))
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([name, member]) => [name, plainData(member, ctx)]))
}

function isList(data: SecretJson): data is readonly SecretJson[] {
  return Array.isArray(data)
}
