import type { StepOptions } from '@imago/core'
import type { HieraOptions, NodeCertificate, PuppetAgentOptions, PuppetApplyOptions } from '@imago/provisioner-puppet'

import { always, flag, text } from '../mapping/coercions.ts'
import { isYes } from '../mapping/current-value.ts'
import { environmentList, environmentMap } from '../mapping/environment.ts'
import { group, togetherWith } from '../mapping/group.ts'
import { lateTexts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import { buildValues } from '../text/field-table.ts'
import { onlyUnix, windowsOnly } from './agent.ts'

/** What both of Packer's provisioners take. */
const common = {
  facter: as('facts', environmentMap),
  extra_arguments: as('extraArguments', lateTexts(buildValues)),
  puppet_bin_dir: as('binDirectory', text),
  ignore_exit_codes: as('continueOnError', flag),
  prevent_sudo: taken(flag),
  environment_vars: as('env', environmentList),
  guest_os_type: inCompose,
  execute_command: noCounterpart('use extraArguments, env and sudo'),
  elevated_user: noCounterpart(windowsOnly),
  elevated_password: noCounterpart(windowsOnly),
  clean_staging_directory: meaningless('the staging directory is always removed'),
} as const

/** `puppet-masterless` */
export const puppetMasterlessTable: ComponentTable = defineTable<PuppetApplyOptions & StepOptions>()({
  factory: { name: 'puppetApply', package: '@imago/provisioner-puppet' },
  load: async () => (await import('@imago/provisioner-puppet')).puppetApply,
  options: {
    ...common,
    manifest_file: as('manifest', always(localPath)),
    module_paths: as('modules', localPaths),
    hiera_config_path: taken(localPath),
    manifest_dir: noCounterpart('manifest may be a folder'),
    working_directory: as('workdir', text),
    staging_directory: as('stagingDirectory', text),
  },
  compose(given, ctx) {
    onlyUnix('guest_os_type', ctx)
    const hiera = group<HieraOptions>({ config: given.hiera_config_path })
    return { ...(hiera !== undefined && { hiera }), ...(isYes(given.prevent_sudo) && { sudo: false }) }
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
    options: noCounterpart('use extraArguments'),
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
    return { identity: own ?? 'machine', ...(isYes(given.prevent_sudo) && { sudo: false }) }
  },
})
