import type { StepOptions } from '@imago/core'
import type { ChefClientOptions, ChefSoloOptions, ScriptInstallation } from '@imago/provisioner-chef'

import { chosen } from '../mapping/chosen.ts'
import { always, flag, text } from '../mapping/coercions.ts'
import { currentText, isYes } from '../mapping/current-value.ts'
import { jsonObject } from '../mapping/json-data.ts'
import type { Model } from '../mapping/known.ts'
import { texts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { ComponentContext, ComponentTable } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import type { AgentCommandForm } from '../shell/agent-command.ts'
import { onlyUnix, unseenScript, windowsOnly } from './agent.ts'
import { agentCall } from './agent-call.ts'

/** Where Packer's provisioners have their script from. */
const omnitruck = 'https://omnitruck.chef.io/install.sh'

/** How Packer calls Chef. */
function form(program: 'chef-solo' | 'chef-client'): AgentCommandForm {
  return { program, verbs: [], fields: { ConfigPath: '-c', JsonPath: '-j' }, required: 'ConfigPath', own: ['--no-color'] }
}

/** What both of Packer's provisioners take. */
const common = {
  json: as('attributes', jsonObject),
  run_list: as('runList', texts),
  chef_environment: as('environment', text),
  chef_license: as('license', chosen<NonNullable<ChefSoloOptions['license']>>()),
  encrypted_data_bag_secret_path: as('encryptedDataBagSecret', localPath),
  staging_directory: as('stagingDirectory', text),
  prevent_sudo: taken(flag),
  skip_install: taken(flag),
  version: taken(text),
  install_command: inCompose,
  guest_os_type: inCompose,
  config_template: noCounterpart(
    'write the settings that it adds into a file of Ruby, without what stands in {{ }}, and name it with config',
  ),
  execute_command: inCompose,
} as const

/** `chef-solo` */
export const chefSoloTable: ComponentTable = defineTable<ChefSoloOptions & StepOptions>()({
  factory: { name: 'chefSolo', package: '@imago/provisioner-chef' },
  load: async () => (await import('@imago/provisioner-chef')).chefSolo,
  options: {
    ...common,
    cookbook_paths: as('cookbooks', always(localPaths)),
    remote_cookbook_paths: as('remoteCookbooks', texts),
    roles_path: as('roles', localPath),
    environments_path: as('environments', localPath),
    data_bags_path: as('dataBags', localPath),
  },
  compose(given, ctx) {
    const { members } = ctx.options
    const hasCookbooks = members.has('cookbook_paths') || members.has('remote_cookbook_paths')
    return { ...(!hasCookbooks && { cookbooks: [] }), ...installed(given, ctx), ...agentCall(given, form('chef-solo'), ctx) }
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
    ssl_verify_mode: taken(text),
    trusted_certs_dir: as('trustedCertificates', localPath),
    skip_clean_node: as('keepNode', flag),
    skip_clean_client: as('keepClient', flag),
    skip_clean_staging_directory: meaningless('the staging directory is always removed'),
    ssl_cert_path: noCounterpart('put the certificate into a folder, and name that with trusted_certs_dir'),
    knife_command: noCounterpart(
      'leave it out, with keepNode and keepClient, and remove them in a later step with the command of your own',
    ),
    elevated_user: noCounterpart(windowsOnly),
    elevated_password: noCounterpart(windowsOnly),
  },
  compose(given, ctx) {
    const verifies = currentText(given.ssl_verify_mode)?.replace(/^:/, '') !== 'verify_none'
    return {
      ...(!verifies && { verifyCertificate: false }),
      ...installed(given, ctx),
      ...agentCall(given, form('chef-client'), ctx),
    }
  },
})

/** Packer's provisioners install Chef unless they are told not to. */
function installed(
  given: { readonly skip_install?: Model<boolean>; readonly version?: Model<string> },
  ctx: ComponentContext,
): { readonly install?: Model<ScriptInstallation> } {
  onlyUnix('guest_os_type', ctx)
  if (isYes(given.skip_install)) return {}
  if (ctx.options.members.has('install_command')) {
    ctx.noCounterpart('install_command', 'write it into a script: install: { script }')
    return {}
  }
  const version = currentText(given.version)
  return { install: unseenScript(omnitruck, version === undefined ? [] : ['-v', version]) }
}
