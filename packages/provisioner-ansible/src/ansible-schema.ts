import type { Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import type { AnsibleOptions } from './ansible-options.ts'
import { galaxyEntries } from './galaxy-options.ts'
import { playbookSettingsEntries } from './playbook-options.ts'

const { text } = optionSchema
const paths = v.optional(v.array(text))

const schema = v.strictObject({
  ...playbookSettingsEntries,
  ...galaxyEntries,
  playbook: text,
  reads: paths,
  rolesPath: paths,
  collectionsPath: paths,
  inventories: paths,
  limit: v.optional(text),
  configFile: v.optional(text),
  connection: v.optional(v.picklist(['auto', 'ssh', 'docker', 'adapter'])),
  user: v.optional(text),
  command: v.optional(text),
})

/** Every problem of the options of `ansible`. */
export function ansibleIssues(options: AnsibleOptions): readonly Issue[] {
  const { galaxyFile, galaxyForce, connection, user } = options
  return [
    ...optionSchema.schemaIssues(schema, options),
    ...(galaxyForce === true && galaxyFile === undefined
      ? [{ path: ['galaxyForce'], message: 'needs galaxyFile', hint: "galaxyFile: 'requirements.yml'" }]
      : []),
    ...(user !== undefined && connection === 'adapter'
      ? [{ path: ['user'], message: "the adapter logs in as the build's own user", hint: 'use become: { user }' }]
      : []),
  ]
}
