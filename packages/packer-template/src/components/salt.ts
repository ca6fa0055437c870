import type { StepOptions } from '@imago/core'
import type { SaltMasterlessOptions } from '@imago/provisioner-salt'

import { always, flag, text } from '../mapping/coercions.ts'
import { chosen } from '../mapping/chosen.ts'
import { isYes } from '../mapping/current-value.ts'
import { localPath } from '../mapping/local-path.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import { onlyUnix, unseenScript, wordsOf } from './agent.ts'

/** Where Salt's makers have their script now. */
const bootstrap = 'https://github.com/saltstack/salt-bootstrap/releases/latest/download/bootstrap-salt.sh'

const kept = "states and pillar do not stay in the image: put them there with the step 'file'"

/** `salt-masterless` */
export const saltMasterlessTable: ComponentTable = defineTable<SaltMasterlessOptions & StepOptions>()({
  factory: { name: 'saltMasterless', package: '@imago/provisioner-salt' },
  load: async () => (await import('@imago/provisioner-salt')).saltMasterless,
  options: {
    local_state_tree: as('states', always(localPath)),
    local_pillar_roots: as('pillar', localPath),
    custom_state: as('state', text),
    minion_config: as('minionConfig', localPath),
    grains_file: as('grains', localPath),
    log_level: as('logLevel', chosen<NonNullable<SaltMasterlessOptions['logLevel']>>()),
    salt_bin_dir: as('binDirectory', text),
    no_exit_on_failure: as('continueOnError', flag),
    disable_sudo: taken(flag),
    skip_bootstrap: taken(flag),
    bootstrap_args: inCompose,
    salt_call_args: inCompose,
    guest_os_type: inCompose,
    remote_state_tree: noCounterpart(kept),
    remote_pillar_roots: noCounterpart(kept),
    formulas: noCounterpart('fetch them before the build, and copy their folders into that of local_state_tree'),
    temp_config_dir: meaningless('what the minion needs is in a staging directory'),
    clean_staging_directory: meaningless('the staging directory is always removed'),
  },
  compose(given, ctx) {
    onlyUnix('guest_os_type', ctx)
    const extraArguments = wordsOf('salt_call_args', 'write them as a list: extraArguments', ctx)
    const install = isYes(given.skip_bootstrap)
      ? undefined
      : unseenScript(bootstrap, wordsOf('bootstrap_args', 'write them as a list: install.arguments', ctx))
    return {
      ...(extraArguments.length > 0 && { extraArguments }),
      ...(install !== undefined && { install }),
      ...(isYes(given.disable_sudo) && { sudo: false }),
    }
  },
})
