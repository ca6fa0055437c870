import type { Provisioner, Scope, StepOptions } from '@imago/core'
import { splitStepOptions } from '@imago/core'

import type { ChefSoloOptions, ChefSoloParts } from './chef-solo-options.ts'
import { chefSoloInputs, chefSoloIssues } from './chef-solo-options.ts'
import { runSolo } from './run-solo.ts'

/**
 * Runs Chef's recipes in the machine, without a server. Cookbooks go over in one stream, into a directory that is gone when it is over; the
 * secret of data bags and attributes are private files.
 *
 * Fails with `COMMAND_FAILED` and Chef's own exit code when a recipe does not compile or a resource fails (it is named), with `TOOL_MISSING`
 * when there is no Chef and `install` brings none, or no Berkshelf or Workstation here where they are needed, and with `INPUT_MISSING`
 * when a file is gone.
 * @example chefSolo({ cookbooks: ['cookbooks'], runList: ['nginx'], product: 'cinc' })
 * @example chefSolo({ policyfile: 'Policyfile.rb', attributes: { port: 8080 }, license: 'accept-no-persist' })
 */
export function chefSolo<const N extends string = never>(options: ChefSoloOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as ChefSoloOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'chef-solo',
    ...common,
    options: own,
    title: title(own),
    validate: () => chefSoloIssues(own),
    inputs: () => chefSoloInputs(own),
    platform: 'posix',
    cacheable: { revision: 1 },
    provision: async (ctx) => await runSolo(own, ctx),
  }
}

function title({ runList, policyfile }: ChefSoloParts): string {
  if (Array.isArray(runList) && runList.length > 0) return `chef ${runList.join(', ')}`
  return typeof policyfile === 'string' ? `chef ${policyfile}` : 'chef-solo'
}
