import type { StepOptions } from '@imago/core'
import type { SaltMasterlessOptions } from '@imago/provisioner-salt'

import { always, flag, text } from '../mapping/coercions.ts'
import { chosen } from '../mapping/chosen.ts'
import { isYes } from '../mapping/current-value.ts'
import { exclusive } from '../mapping/exclusive.ts'
import { isThere } from '../mapping/group.ts'
import type { Model } from '../mapping/known.ts'
import { localPath } from '../mapping/local-path.ts'
import type { ComponentTable, Composed } from '../mapping/table.ts'
import { as, defineTable, inCompose, meaningless, taken } from '../mapping/table.ts'
import { onlyUnix, unseenScript, wordsOf } from './agent.ts'
import { formulas } from './salt-formulas.ts'

/** Where Salt's makers have their script now. */
const bootstrap = 'https://github.com/saltstack/salt-bootstrap/releases/latest/download/bootstrap-salt.sh'

/** `salt-masterless` */
export const saltMasterlessTable: ComponentTable = defineTable<SaltMasterlessOptions & StepOptions>()({
  factory: { name: 'saltMasterless', package: '@imago/provisioner-salt' },
  load: async () => (await import('@imago/provisioner-salt')).saltMasterless,
  options: {
    local_state_tree: as('states', always(localPath)),
    local_pillar_roots: taken(localPath),
    custom_state: as('state', text),
    minion_config: taken(localPath),
    grains_file: taken(localPath),
    log_level: as('logLevel', chosen<NonNullable<SaltMasterlessOptions['logLevel']>>()),
    salt_bin_dir: as('binDirectory', text),
    no_exit_on_failure: as('continueOnError', flag),
    disable_sudo: taken(flag),
    skip_bootstrap: taken(flag),
    bootstrap_args: inCompose,
    salt_call_args: inCompose,
    guest_os_type: inCompose,
    remote_state_tree: taken(text),
    remote_pillar_roots: taken(text),
    formulas: taken(formulas),
    temp_config_dir: meaningless('what the minion needs is in a staging directory'),
    clean_staging_directory: meaningless('the staging directory is always removed'),
  },
  compose(given, ctx) {
    onlyUnix('guest_os_type', ctx)
    const extraArguments = wordsOf('salt_call_args', 'write them as a list: extraArguments', ctx)
    const install = isYes(given.skip_bootstrap)
      ? undefined
      : unseenScript(bootstrap, wordsOf('bootstrap_args', 'write them as a list: install.arguments', ctx))
    const { minion_config: minionConfig, grains_file: grains, formulas: fetched } = given
    for (const [name, option] of Object.entries({ minion_config: minionConfig, grains_file: grains })) {
      if (isThere(option)) ctx.warn(name, "it does not stay in the image: put it there with the step 'file', if it is to")
    }
    exclusive('minion_config', 'remote_state_tree', ctx)
    exclusive('minion_config', 'remote_pillar_roots', ctx)
    return {
      ...(minionConfig !== undefined && { minionConfig }),
      ...(grains !== undefined && { grains }),
      ...(fetched !== undefined && { formulas: fetched }),
      ...treesOf(given),
      ...(extraArguments.length > 0 && { extraArguments }),
      ...(install !== undefined && { install }),
      ...(isYes(given.disable_sudo) && { sudo: false }),
    }
  },
})

interface GivenTrees {
  readonly remote_state_tree?: Model<string>
  readonly local_pillar_roots?: Model<string>
  readonly remote_pillar_roots?: Model<string>
}

/** Packer's trees stay in the image, wherever Salt looks for them. */
function treesOf({
  remote_state_tree: to,
  local_pillar_roots: pillar,
  remote_pillar_roots: pillarTo,
}: GivenTrees): Composed<Pick<SaltMasterlessOptions, 'statesDirectory' | 'pillar' | 'pillarDirectory'>> {
  return {
    statesDirectory: to ?? '/srv/salt',
    ...(pillar !== undefined && { pillar, pillarDirectory: pillarTo ?? '/srv/pillar' }),
  }
}
