import type { FromFacts, Secret } from '@imago/core'
import { optionSchema } from '@imago/core'
import type { ScriptEnvironment } from '@imago/script'
import { scriptEnvironment } from '@imago/script'
import * as v from 'valibot'

import type { AnsibleVariables } from './variables.ts'
import { variablesSchema } from './variables.ts'

/** Becoming another user for the tasks. */
export interface BecomeOptions {
  /** @default root */
  readonly user?: string
  /** A become plugin: `sudo`, `su`, `doas`. @default sudo */
  readonly method?: string
  /** Never on a command line. @default none is needed */
  readonly password?: Secret
}

/** How a playbook is run, wherever Ansible runs. */
export interface PlaybookSettings {
  /** Groups that the machine is in. Packer: `groups`. @default none */
  readonly groups?: readonly string[]
  /** Groups without a host, which a playbook mentions. Packer: `empty_groups`. @default none */
  readonly emptyGroups?: readonly string[]
  /** What the inventory calls the machine. Packer: `host_alias`. @default default */
  readonly hostAlias?: string
  /** Variables of the machine in the inventory. Packer: lines of `inventory_file_template`. @default none */
  readonly hostVariables?: FromFacts<AnsibleVariables>
  /**
   * Variables that go before all others; `imago_build_name`, `imago_builder_type` and, where there is one, `imago_http_url` are there
   * anyway, and with Packer's names. They are no part of a command line. Packer: `-e` in `extra_arguments`. @default none
   */
  readonly extraVariables?: FromFacts<AnsibleVariables>
  /** Files of such variables, YAML or JSON; relative to the definition. Packer: `-e @file` in `extra_arguments`. @default none */
  readonly variableFiles?: readonly string[]
  /** Run the tasks as root, or as another user. Packer: `--become` in `extra_arguments`. @default what the playbook says */
  readonly become?: boolean | BecomeOptions
  /** Run tasks with these tags only. @default all */
  readonly tags?: readonly string[]
  /** Leave out tasks with these tags. @default none */
  readonly skipTags?: readonly string[]
  /** How much Ansible says of what it does: `-v` so many times, up to 6. @default 0 */
  readonly verbosity?: number
  /** More arguments of `ansible-playbook`. They are in the process list. Packer: `extra_arguments`. @default none */
  readonly extraArguments?: FromFacts<readonly string[]>
  /**
   * Environment of Ansible, beside `IMAGO_BUILD_NAME` and the like; it goes before what Imago sets itself, such as `ANSIBLE_PIPELINING`.
   * Packer: `ansible_env_vars`. @default none
   */
  readonly environment?: ScriptEnvironment
}

const words = v.pipe(v.array(optionSchema.text), v.nonEmpty('must not be empty'))
const groupNames = v.array(
  v.pipe(
    v.string(),
    v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, (issue) => `'${issue.input}' is not a name of a group: letters, digits and _`),
  ),
)

/** The schema's entries for {@link PlaybookSettings}. */
export const playbookSettingsEntries: v.ObjectEntries = {
  groups: v.optional(groupNames),
  emptyGroups: v.optional(groupNames),
  hostAlias: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]*$/, 'must be a name of letters, digits, dots, - and _'))),
  hostVariables: v.optional(optionSchema.fromFacts(variablesSchema)),
  extraVariables: v.optional(optionSchema.fromFacts(variablesSchema)),
  variableFiles: v.optional(v.array(optionSchema.text)),
  become: v.optional(
    v.union([
      v.boolean(),
      v.strictObject({
        user: v.optional(optionSchema.text),
        method: v.optional(optionSchema.text),
        password: v.optional(optionSchema.secretValue),
      }),
    ]),
  ),
  tags: v.optional(words),
  skipTags: v.optional(words),
  verbosity: v.optional(
    v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(0, 'must be 0 to 6'), v.maxValue(6, 'must be 0 to 6')),
  ),
  extraArguments: v.optional(optionSchema.fromFacts(v.array(v.string()))),
  environment: v.optional(scriptEnvironment),
}
