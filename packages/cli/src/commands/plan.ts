import type { Flags } from '../arguments.ts'
import { planImages } from '../plan-images.ts'
import { lookOf } from '../report/look.ts'
import { planLines } from '../report/plan-lines.ts'
import { stateDirectory } from '../state-directory.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags, directoryOf, loadDefinitions, selectionOf } from './definition-flags.ts'

const flags = {
  ...definitionFlags,
  json: { type: 'boolean', help: 'Write the plans as JSON: an array with one object for each image.' },
  'no-color': { type: 'boolean', help: 'No colours.' },
} as const satisfies Flags

/** `imago plan` */
export const planCommand: Command = defineCommand({
  usage: 'imago plan [options] [file|folder …]',
  description:
    'Shows what imago build would do, step by step. For builds that have run before it says which steps are cached, which will run, and what ' +
    'has changed; that asks their providers. Nothing is started, and nothing changed.',
  flags,
  examples: [
    { command: 'imago plan', does: 'Show what ./image.ts would build.' },
    { command: 'imago plan --json > plan.json', does: 'Keep the plan, to compare it with the next one.' },
  ],
  async run({ values, positionals }, host) {
    const definitions = await loadDefinitions(positionals, values, host)
    const images = definitions.flatMap((definition) => definition.images)
    const selection = selectionOf(values, definitions)
    const plans = planImages(images, selection, host.core.plan)
    const cache = await host.core.cacheStatus(images, {
      ...selection,
      directory: directoryOf(definitions),
      stateDirectory: stateDirectory(host.cwd),
    })
    const { style, symbols } = lookOf(host, 'stdout', { noColor: values['no-color'] })
    const text = values.json
      ? JSON.stringify(plans.map((plan) => ({ ...plan, cache: cache.filter(({ image }) => image === plan.image) })))
      : plans.flatMap((plan) => planLines(plan, { style, symbols, cache })).join('\n')
    host.stdout.write(`${text}\n`)
    return 0
  },
})
