import { planWithBases } from '../plan-with-bases.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags, loadDefinitions, selectionOf } from './definition-flags.ts'

/** `imago graph` */
export const graphCommand: Command = defineCommand({
  usage: 'imago graph [options] [file|folder …]',
  description:
    "Writes the graph of images, builds and steps in Mermaid's language, which GitHub and GitLab draw in Markdown. Images that others " +
    'start from are in it too. Nothing is read but the image files, and nothing is started.',
  flags: definitionFlags,
  examples: [
    { command: 'imago graph > graph.mmd', does: 'Keep the graph of what ./image.ts would build.' },
    { command: 'imago graph web/ --only docker', does: 'Show the graph of one build and what it starts from.' },
  ],
  async run({ values, positionals }, host) {
    const definitions = await loadDefinitions(positionals, values, host)
    const images = definitions.flatMap((definition) => definition.images)
    const plans = planWithBases(images, selectionOf(values, definitions), host.core.plan)
    const { mermaidGraph } = await import('@imago/report')
    host.stdout.write(mermaidGraph(plans))
    return 0
  },
})
