import type { StepOptions } from '@imago/core'
import type { HieraOptions, NodeCertificate, PuppetAgentOptions, PuppetApplyOptions } from '@imago/provisioner-puppet'

import { always, flag, text } from '../mapping/coercions.ts'
import { environmentList, environmentMap } from '../mapping/environment.ts'
import { group, togetherWith } from '../mapping/group.ts'
import { lateTexts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import { isKnown } from '../mapping/known.ts'
import type { ComponentContext, ComponentTable, Composed } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import { buildValues } from '../text/field-table.ts'
import type { AgentCommandForm } from '../shell/agent-command.ts'
import { onlyUnix, windowsOnly, wordsOf } from './agent.ts'
import type { AgentCall, GivenCall } from './agent-call.ts'
import { agentCall, joinedArguments } from './agent-call.ts'

const own = ['--detailed-exitcodes', '--color=false']

/** How Packer calls `puppet apply`. */
const applyForm: AgentCommandForm = {
  program: 'puppet',
  verbs: ['apply'],
  fields: {
    ModulePath: '--modulepath=',
    HieraConfigPath: '--hiera_config=',
    ManifestDir: '--manifestdir=',
    ExtraArguments: '',
    ManifestFile: '',
  },
  required: 'ManifestFile',
  own,
}

/** How Packer calls `puppet agent`. */
const agentForm: AgentCommandForm = {
  program: 'puppet',
  verbs: ['agent'],
  fields: {
    PuppetServer: '--server=',
    PuppetNode: '--certname=',
    ClientCertPath: '--certdir=',
    ClientPrivateKeyPath: '--privatekeydir=',
    ExtraArguments: '',
  },
  own: [...own, '--onetime', '--no-daemonize'],
}

/** What both of Packer's provisioners take. */
const common = {
  facter: as('facts', environmentMap),
  extra_arguments: taken(lateTexts(buildValues)),
  puppet_bin_dir: as('binDirectory', text),
  ignore_exit_codes: as('continueOnError', flag),
  prevent_sudo: taken(flag),
  environment_vars: taken(environmentList),
  guest_os_type: inCompose,
  execute_command: inCompose,
  elevated_user: noCounterpart(windowsOnly),
  elevated_password: noCounterpart(windowsOnly),
  clean_staging_directory: meaningless('the staging directory is always removed'),
} as const

/** Some arguments are options of their own. */
function puppetCall(given: GivenCall, form: AgentCommandForm, ctx: ComponentContext): Composed<PuppetApplyOptions> {
  const { extraArguments, ...call } = agentCall(given, form, ctx)
  if (extraArguments === undefined || isKnown(extraArguments) || typeof extraArguments === 'function') {
    return { ...call, ...(extraArguments !== undefined && { extraArguments }) }
  }
  const isSaid = ctx.options.members.has('execute_command')
  const logLevel = !isSaid
    ? undefined
    : extraArguments.includes('--debug')
      ? 'debug'
      : extraArguments.includes('--verbose')
        ? 'info'
        : undefined
  const rest = logLevel === undefined ? extraArguments : extraArguments.filter((word) => word !== '--debug' && word !== '--verbose')
  return { ...call, ...(logLevel !== undefined && { logLevel }), ...(rest.length > 0 && { extraArguments: rest }) }
}

/** `puppet-masterless` */
export const puppetMasterlessTable: ComponentTable = defineTable<PuppetApplyOptions & StepOptions>()({
  factory: { name: 'puppetApply', package: '@imago/provisioner-puppet' },
  load: async () => (await import('@imago/provisioner-puppet')).puppetApply,
  options: {
    ...common,
    manifest_file: as('manifest', always(localPath)),
    module_paths: as('modules', localPaths),
    hiera_config_path: taken(localPath),
    manifest_dir: noCounterpart('name the folder in manifest_file'),
    working_directory: as('workdir', text),
    staging_directory: as('stagingDirectory', text),
  },
  compose(given, ctx) {
    onlyUnix('guest_os_type', ctx)
    const hiera = group<HieraOptions>({ config: given.hiera_config_path })
    return { ...(hiera !== undefined && { hiera }), ...puppetCall(given, applyForm, ctx) }
  },
})

/** `puppet-server`. Packer's leaves the machine's key, and what the server has sent, in the image. */
export const puppetServerTable: ComponentTable = defineTable<PuppetAgentOptions & StepOptions>()({
  factory: { name: 'puppetAgent', package: '@imago/provisioner-puppet' },
  load: async () => (await import('@imago/provisioner-puppet')).puppetAgent,
  options: {
    ...common,
    puppet_server: as('server', text),
    puppet_node: as('node', text),
    client_cert_path: taken(localPath),
    client_private_key_path: taken(localPath),
    options: inCompose,
    staging_dir: as('stagingDirectory', text),
    working_directory: meaningless('the agent reads nothing of its folder'),
  },
  compose(given, ctx) {
    onlyUnix('guest_os_type', ctx)
    const { client_cert_path: certificates, client_private_key_path: privateKeys } = given
    const own =
      certificates === undefined ? undefined : togetherWith<NodeCertificate>(['privateKeys', 'certificates'], { certificates, privateKeys })
    if (certificates !== undefined && own === undefined) ctx.noCounterpart('client_cert_path', 'give the folder of its key too')
    if (certificates === undefined && privateKeys !== undefined)
      ctx.noCounterpart('client_private_key_path', 'give the folder of its certificate too')
    const call = puppetCall(given, agentForm, ctx)
    return { identity: own ?? 'machine', ...call, ...moreArguments(call.extraArguments, ctx) }
  },
})

/** `options`, one text of arguments, which stand before those of `extra_arguments`. */
function moreArguments(extra: AgentCall['extraArguments'], ctx: ComponentContext): Pick<AgentCall, 'extraArguments'> {
  const instead = 'write it in extra_arguments'
  const all = joinedArguments(wordsOf('options', instead, ctx), extra)
  if (all !== 'unknown') return all === undefined ? {} : { extraArguments: all }
  ctx.noCounterpart('options', instead)
  return {}
}
