import type { StepOptions } from '@imago/core'
import type { ChefClientOptions, ChefSoloOptions, KnifeOptions } from '@imago/provisioner-chef'

import { chosen } from '../mapping/chosen.ts'
import { always, flag, text } from '../mapping/coercions.ts'
import { currentText, isYes } from '../mapping/current-value.ts'
import { group } from '../mapping/group.ts'
import type { JsonData } from '../mapping/json-data.ts'
import { jsonObject, jsonText } from '../mapping/json-data.ts'
import type { Model } from '../mapping/known.ts'
import { texts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { ComponentContext, ComponentTable } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import type { AgentCommandForm } from '../shell/agent-command.ts'
import { understandAgentCommand } from '../shell/agent-command.ts'
import { windowsOnly } from './agent.ts'
import { agentCall } from './agent-call.ts'
import { installed } from './chef-install.ts'
import { clientSettings, soloSettings } from './chef-settings.ts'

type License = NonNullable<ChefSoloOptions['license']>

/** How Packer calls Chef. */
function form(program: 'chef-solo' | 'chef-client'): AgentCommandForm {
  return { program, verbs: [], fields: { ConfigPath: '-c', JsonPath: '-j' }, required: 'ConfigPath', own: ['--no-color'] }
}

/** How Packer calls `knife`. */
const knifeForm: AgentCommandForm = { program: 'knife', verbs: [], fields: { Args: '', Flags: '' }, required: 'Args', own: [] }

/** What both of Packer's provisioners take. */
const common = {
  json: taken(jsonObject),
  json_string: taken(jsonText),
  run_list: as('runList', texts),
  chef_environment: as('environment', text),
  chef_license: taken(chosen<License>()),
  encrypted_data_bag_secret_path: as('encryptedDataBagSecret', localPath),
  staging_directory: taken(text),
  prevent_sudo: taken(flag),
  skip_install: taken(flag),
  version: taken(text),
  install_command: inCompose,
  guest_os_type: inCompose,
  config_template: inCompose,
  execute_command: inCompose,
} as const

/** `chef-solo` */
export const chefSoloTable: ComponentTable = defineTable<ChefSoloOptions & StepOptions>()({
  factory: { name: 'chefSolo', package: '@imago/provisioner-chef' },
  load: async () => (await import('@imago/provisioner-chef')).chefSolo,
  options: {
    ...common,
    cookbook_paths: taken(always(localPaths)),
    remote_cookbook_paths: taken(texts),
    roles_path: as('roles', localPath),
    environments_path: as('environments', localPath),
    data_bags_path: as('dataBags', localPath),
  },
  compose(given, ctx) {
    const { cookbook_paths: local, remote_cookbook_paths: remote } = given
    return {
      ...(local !== undefined && { cookbooks: local }),
      ...(remote !== undefined && { remoteCookbooks: remote }),
      ...(local === undefined && remote === undefined && { cookbooks: [] }),
      ...attributesOf(given),
      ...installed(given, ctx),
      ...soloSettings(given, ctx),
      ...agentCall(given, form('chef-solo'), ctx),
    }
  },
})

/** `chef-client` */
export const chefClientTable: ComponentTable = defineTable<ChefClientOptions & StepOptions>()({
  factory: { name: 'chefClient', package: '@imago/provisioner-chef' },
  load: async () => (await import('@imago/provisioner-chef')).chefClient,
  options: {
    ...common,
    server_url: as('serverUrl', always(text)),
    node_name: as('nodeName', text),
    policy_name: as('policyName', text),
    policy_group: as('policyGroup', text),
    validation_key_path: as('validationKey', localPath),
    validation_client_name: as('validationClientName', text),
    client_key: as('remoteClientKey', text),
    ssl_verify_mode: taken(text),
    trusted_certs_dir: as('remoteTrustedCertificates', text),
    skip_clean_node: as('keepNode', flag),
    skip_clean_client: as('keepClient', flag),
    skip_clean_staging_directory: meaningless('the staging directory is always removed'),
    knife_command: inCompose,
    elevated_user: noCounterpart(windowsOnly),
    elevated_password: noCounterpart(windowsOnly),
  },
  compose(given, ctx) {
    const verifies = currentText(given.ssl_verify_mode)?.replace(/^:/, '') !== 'verify_none'
    return {
      ...(!verifies && { verifyCertificate: false }),
      ...attributesOf(given),
      ...installed(given, ctx),
      ...clientSettings(given, ctx),
      ...agentCall(given, form('chef-client'), ctx),
      ...knifeOf(given, ctx),
    }
  },
})

type Attributes = Model<Readonly<Record<string, JsonData>>>

function attributesOf({ json, json_string: asText }: { readonly json?: Attributes; readonly json_string?: Attributes }): {
  readonly attributes?: Attributes
} {
  return json === undefined && asText === undefined ? {} : { attributes: { ...json, ...asText } }
}

function knifeOf(
  { prevent_sudo: keepsUser }: { readonly prevent_sudo?: Model<boolean> },
  ctx: ComponentContext,
): {
  readonly knife?: Model<KnifeOptions>
} {
  const written = ctx.options.members.get('knife_command')?.value
  if (written === undefined || (written.kind === 'plain' && written.value === null)) return {}
  const command = understandAgentCommand(written, knifeForm, ctx)
  if (command === undefined || Object.keys(command.env).length > 0) {
    ctx.noCounterpart(
      'knife_command',
      'write what it adds with knife: { binDirectory, sudo, extraArguments }, and its environment with env',
    )
    return {}
  }
  const isAsChef = command.sudo === 'asked' || (command.sudo === 'always') !== isYes(keepsUser)
  const knife = group<KnifeOptions>({
    binDirectory: command.binDirectory,
    sudo: isAsChef ? undefined : command.sudo === 'always',
    extraArguments: command.arguments.length === 0 ? undefined : command.arguments,
  })
  return knife === undefined ? {} : { knife }
}
