import type { AgentOptions, SecretData } from '@imago/configuration-management'
import { agentEntries, agentInputs, pathInputs, secretDataSchema } from '@imago/configuration-management'
import type { FromFacts, LocalInput, Secret } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { ChefProduct } from './chef-product.ts'

/** Settings of Chef that are no file of this machine. */
export interface ChefSettings {
  /** Ruby, as a text or as lines. What the step brings into the machine is below `stagingDirectory`, which then has to be given. */
  readonly content: FromFacts<string | readonly string[]>
}

/** What `chefSolo` and `chefClient` both take beside the common options of steps. */
export interface ChefOptions extends AgentOptions {
  /** Chef, or Cinc, which is the same without the licence. @default 'chef' */
  readonly product?: ChefProduct
  /** Attributes of the node. Secrets may be anywhere in them: the file is private. Packer: `json`. @default none */
  readonly attributes?: SecretData
  /** The secret of encrypted data bags: a file, or the secret itself. Packer: `encrypted_data_bag_secret_path`. @default none */
  readonly encryptedDataBagSecret?: string | Secret
  /** Settings in Ruby, read after those that this step writes: a file, or its content. Packer: `config_template`. @default none */
  readonly config?: string | ChefSettings
  /** Accepts Chef's licence. Without it Chef 15 and later ask, and fail. Packer: `chef_license`. @default nothing is accepted */
  readonly license?: 'accept' | 'accept-silent' | 'accept-no-persist'
  /** How much Chef logs beside its report. @default Chef's own */
  readonly logLevel?: 'auto' | 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
}

const fileOrSecret = v.lazy((value) => (typeof value === 'object' ? optionSchema.secretValue : optionSchema.text))

/** The schema of a file, or of the secret that would be in it. */
export const optionalFileOrSecret: v.OptionalSchema<v.GenericSchema, undefined> = v.optional(fileOrSecret)

const textOrLines = v.lazy((value) => (Array.isArray(value) ? v.array(v.string()) : v.string()))

const fileOrSettings = v.lazy((value) =>
  typeof value === 'object' ? v.strictObject({ content: optionSchema.fromFacts<unknown>(textOrLines) }) : optionSchema.text,
)

/** The schema's entries for {@link ChefOptions}. */
export const chefEntries: Readonly<Record<keyof ChefOptions, v.OptionalSchema<v.GenericSchema, undefined>>> = {
  ...agentEntries,
  product: v.optional(v.picklist(['chef', 'cinc'])),
  attributes: v.optional(secretDataSchema),
  encryptedDataBagSecret: optionalFileOrSecret,
  config: v.optional(fileOrSettings),
  license: v.optional(v.picklist(['accept', 'accept-silent', 'accept-no-persist'])),
  logLevel: v.optional(v.picklist(['auto', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'])),
}

/** The schema of a run list: `recipe[nginx::default]`, `role[web]`, or a recipe's name. */
export const runListSchema: v.OptionalSchema<v.GenericSchema, undefined> = v.optional(
  v.array(
    v.pipe(
      v.string(),
      v.regex(
        /^(?:(?:recipe|role)\[[\w@.:-]+\]|[\w@.:-]+)$/,
        "must be a recipe or a role, such as 'nginx', 'recipe[nginx::ssl]', 'role[web]'",
      ),
    ),
  ),
)

/** The files that {@link ChefOptions} name. */
export function chefInputs(options: Partial<Record<keyof ChefOptions, unknown>>): readonly LocalInput[] {
  const { encryptedDataBagSecret, config } = options
  return [
    ...pathInputs('encryptedDataBagSecret', encryptedDataBagSecret, 'file'),
    ...pathInputs('config', config, 'file'),
    ...agentInputs(options),
  ]
}
