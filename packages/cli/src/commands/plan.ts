import type { Flags } from '../arguments.ts'
import { planImages } from '../plan-images.ts'
import { lookOf } from '../report/look.ts'
import { planLines } from '../report/plan-lines.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags, loadDefinitions, selectionOf } from './definition-flags.ts'

const flags = {
  ...definitionFlags,
  json: { type: 'boolean', help: 'Write the plans as JSON: an array with one object for each image.' },
  'no-color': { type: 'boolean', help: 'No colours.' },
} as const satisfies Flags

/** `imago plan` */
export const planCommand: Command = defineCommand({
  usage: 'imago plan [options] [file|folder …]',
  description: 'Shows what imago build would do, step by step. Nothing is read but the image files, and nothing is started.',
  flags,
  examples: [
    { command: 'imago plan', does: 'Show what ./image.ts would build.' },
    { command: 'imago plan --json > plan.json', does: 'Keep the plan, to compare it with the next one.' },
  ],
  async run({ values, positionals }, host) {
    const definitions = await loadDefinitions(positionals, values, host)
    const images = definitions.flatMap((definition) => definition.images)
    const plans = planImages(images, selectionOf(values, definitions), host.core.plan)
    const { style, symbols } = lookOf(host, 'stdout', { noColor: values['no-color'] })
    const text = values.json ? JSON.stringify(plans) : plans.flatMap((plan) => planLines(plan, style, symbols)).join('\n')
    host.stdout.write(`${text}\n`)
    return 0
  },
})
