import type { StagedFile } from '@imago/configuration-management'
import { withAgent } from '@imago/configuration-management'
import type { ProvisionContext } from '@imago/core'
import { ImagoError } from '@imago/core'

import { chefAgent, products } from './chef-product.ts'
import type { ChefSoloOptions } from './chef-solo-options.ts'
import { rubyString } from './ruby-settings.ts'
import type { ChefRun, RunOutcome } from './run-chef.ts'
import { runChef } from './run-chef.ts'
import { attributesFile, settingsFile, stagedSettings } from './staged-settings.ts'
import { exportPolicy, vendorBerksfile } from './vendor-cookbooks.ts'

/** No machine needs more runs than that, one after a restart of the other. */
const maxRuns = 5

/** Runs Chef until it does not want to run again. The staging directory is made anew each time: a restart may empty `/tmp`. */
export async function runSolo(options: ChefSoloOptions, ctx: ProvisionContext): Promise<void> {
  const cookbooks = await localCookbooks(options, ctx)
  for (let runs = 1; ; runs++) {
    const outcome = await runOnce(options, cookbooks, ctx)
    if (outcome === 'done') return
    if (runs === maxRuns) {
      throw new ImagoError('COMMAND_FAILED', `Chef wants to run again after ${maxRuns} runs`, {
        hint: 'see its output: a recipe asks for a restart each time',
      })
    }
    if (ctx.machine.restart === undefined) {
      throw new ImagoError('UNSUPPORTED', 'a recipe wants the machine restarted, which it cannot be', {
        hint: "a container cannot restart: use onReboot: 'ignore'",
      })
    }
    ctx.emit({ type: 'message', level: 'info', text: 'a recipe wants the machine restarted' })
    await ctx.machine.restart({ signal: ctx.signal })
  }
}

/** The folders of cookbooks of this machine, resolved where that is to be done. */
async function localCookbooks(
  { cookbooks, berksfile, policyfile, product = 'chef' }: ChefSoloOptions,
  ctx: ProvisionContext,
): Promise<readonly string[]> {
  if (berksfile !== undefined) return [await vendorBerksfile(berksfile, ctx)]
  if (policyfile !== undefined) return [await exportPolicy(policyfile, product, ctx)]
  return cookbooks ?? []
}

async function runOnce(options: ChefSoloOptions, cookbooks: readonly string[], ctx: ProvisionContext): Promise<RunOutcome> {
  const { product = 'chef', onReboot = 'fail' } = options
  const program = options.policyfile === undefined ? 'solo' : 'client'
  const files = options.policyfile === undefined ? soloFiles(options, cookbooks, ctx) : policyFiles(options, cookbooks, ctx)
  return await withAgent({ agent: chefAgent(product, program), options, files }, ctx, async (ready) => {
    const { directory } = ready
    const run: ChefRun = {
      what: products[product][program],
      args: [
        ...(program === 'client' ? ['--local-mode'] : []),
        '--config',
        `${directory}/${settingsFile}`,
        '--json-attributes',
        `${directory}/${attributesFile}`,
        ...(options.namedRunList === undefined ? [] : ['--named-run-list', options.namedRunList]),
      ],
      onReboot,
      rebootHint: "onReboot: 'restart' restarts it and runs Chef again, 'ignore' goes on",
    }
    return await runChef(ready, run, options, ctx)
  })
}

function soloFiles(options: ChefSoloOptions, cookbooks: readonly string[], ctx: ProvisionContext): readonly StagedFile[] {
  const { runList, remoteCookbooks = [], roles, environments, environment, dataBags } = options
  const folders = cookbooks.map((path, index) => ({ to: `cookbooks/${index}`, path }))
  const trees = Object.entries({ roles, environments, 'data-bags': dataBags })
  const settings = (directory: string) => ({
    cookbook_path: [...folders.map(({ to }) => `${directory}/${to}`), ...remoteCookbooks],
    role_path: roles === undefined ? undefined : `${directory}/roles`,
    environment_path: environments === undefined ? undefined : `${directory}/environments`,
    environment,
    data_bag_path: dataBags === undefined ? undefined : `${directory}/data-bags`,
    node_path: `${directory}/nodes`,
  })
  return [
    ...folders,
    ...trees.flatMap(([to, path]) => (path === undefined ? [] : [{ to, path }])),
    ...stagedSettings({ options, runList, settings }, ctx),
  ]
}

/** An exported policy brings settings of its own, which are read first. */
function policyFiles(options: ChefSoloOptions, [policy = '']: readonly string[], ctx: ProvisionContext): readonly StagedFile[] {
  const { dataBags } = options
  const settings = (directory: string) => ({
    chef_repo_path: `${directory}/policy`,
    data_bag_path: dataBags === undefined ? undefined : `${directory}/data-bags`,
    node_path: `${directory}/nodes`,
  })
  return [
    { to: 'policy', path: policy },
    ...(dataBags === undefined ? [] : [{ to: 'data-bags', path: dataBags }]),
    ...stagedSettings({ options, runList: undefined, settings, first: readPolicy }, ctx),
  ]
}

function readPolicy(directory: string): string {
  return `from_file ${rubyString(`${directory}/policy/.chef/config.rb`)}\n`
}
