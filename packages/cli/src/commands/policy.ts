import { loadAmazon } from '../amazon-package.ts'
import type { Flags } from '../arguments.ts'
import { usageError } from '../arguments.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags, directoryOf, loadDefinitions, selectionOf } from './definition-flags.ts'

const flags = { ...definitionFlags } as const satisfies Flags

/** `imago policy` */
export const policyCommand: Command = defineCommand({
  usage: 'imago policy [options] [file|folder …]',
  description:
    'Writes the IAM policy that builds at AWS need: the actions that their options lead to, and no others. Nothing is asked of AWS.',
  flags,
  examples: [
    { command: 'imago policy > policy.json', does: 'Write the policy for what ./image.ts builds at AWS.' },
    { command: 'imago policy web/ --only aws', does: 'The policy for one build of web/image.ts.' },
  ],
  async run({ values, positionals }, host) {
    const definitions = await loadDefinitions(positionals, values, host)
    const { iamPolicy } = await loadAmazon(directoryOf(definitions), host.modules)
    const policy = iamPolicy(
      definitions.flatMap((definition) => definition.images),
      selectionOf(values, definitions),
    )
    if (policy.Statement.length === 0) throw usageError('none of these builds is at AWS', 'name others with --only, or another file')
    host.stdout.write(`${JSON.stringify(policy, null, 2)}\n`)
    return 0
  },
})
