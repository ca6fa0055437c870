import type { JsonObject, Secret } from '@imago/core'
import { isSecret, optionSchema, reveal } from '@imago/core'
import * as v from 'valibot'

/** A value of a variable: JSON, with secrets anywhere in it. */
export type AnsibleValue = string | number | boolean | null | Secret | readonly AnsibleValue[] | { readonly [name: string]: AnsibleValue }

/** Variables of Ansible, by name. They keep their types. */
export type AnsibleVariables = Readonly<Record<string, AnsibleValue>>

const value: v.GenericSchema<unknown, AnsibleValue> = v.lazy((input) => {
  if (isSecret(input)) return optionSchema.secretValue
  if (Array.isArray(input)) return v.array(value)
  if (isPlainObject(input)) return v.record(v.string(), value)
  return v.union([v.string(), v.pipe(v.number(), v.finite()), v.boolean(), v.null()])
})

function isPlainObject(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false
  const prototype: unknown = Object.getPrototypeOf(input)
  return prototype === Object.prototype || prototype === null
}

/** The schema of {@link AnsibleVariables}. */
export const variablesSchema: v.GenericSchema<unknown, AnsibleVariables> = v.record(
  v.pipe(
    v.string(),
    v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, (issue) => `'${issue.input}' is not a name of a variable`),
  ),
  value,
)

/** The variables as plain JSON, for a file that only its owner reads. The secrets among them are masked from now on. */
export function plainVariables(variables: AnsibleVariables, maskSecret: (secret: string) => void): JsonObject {
  const plain = (value: AnsibleValue): JsonObject[string] => {
    if (isSecret(value)) {
      maskSecret(reveal(value))
      return reveal(value)
    }
    if (Array.isArray(value)) return value.map(plain)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
  }
  return Object.fromEntries(Object.entries(variables).map(([name, member]) => [name, plain(member)]))
}
