import type { Issue } from '@imago/core'
import { messageOf } from '@imago/core'

import { isAtAmazon, loadAmazon } from '../amazon-package.ts'
import type { Flags } from '../arguments.ts'
import { exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { lookOf } from '../report/look.ts'
import { issueLines } from '../report/issue-lines.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import type { Definitions } from './definition-flags.ts'
import { definitionFlags, directoryOf, loadDefinitions, selectionOf } from './definition-flags.ts'

const flags = {
  ...definitionFlags,
  online: {
    type: 'boolean',
    help: 'When the files are right, also ask the providers: whether the engine runs, the image exists, the name is free. Shows the IAM policy for AWS.',
  },
  json: { type: 'boolean', help: 'Write the problems to stdout as JSON: an array, empty when there are none.' },
  'no-color': { type: 'boolean', help: 'No colours.' },
} as const satisfies Flags

/** `imago validate` */
export const validateCommand: Command = defineCommand({
  usage: 'imago validate [options] [file|folder …]',
  description:
    'Looks for every problem of image files: names, options, wiring, and local files that are missing or cannot be written. ' +
    'Nothing is started or changed. The exit code is 2 when there is a problem.',
  flags,
  examples: [
    { command: 'imago validate', does: 'Check ./image.ts.' },
    { command: 'imago validate --online', does: 'Also ask the providers.' },
    { command: 'imago validate web/ --var version=1.4', does: 'Check web/image.ts with a parameter.' },
  ],
  async run({ values, positionals }, host) {
    const definitions = await loadDefinitions(positionals, values, host)
    const images = definitions.flatMap((definition) => definition.images)
    const options = { ...selectionOf(values, definitions), directory: directoryOf(definitions) }
    const problems = await host.core.validate(images, options)
    const issues = problems.length === 0 && values.online ? await host.core.preflight(images, options) : problems
    if (values.json) host.stdout.write(`${JSON.stringify(issues)}\n`)
    else if (issues.length === 0) host.stdout.write(`${noProblem(definitions)}\n`)
    else host.stderr.write(describe(issues, lookOf(host, 'stderr', { noColor: values['no-color'] }).style))
    if (values.online && problems.length === 0 && !values.json) {
      host.stdout.write(await policyText(definitions, selectionOf(values, definitions), host))
    }
    return issues.length === 0 ? exitCodes.ok : exitCodes.usage
  },
})

/** What AWS must allow for the builds that are there; nothing when there are none. */
async function policyText(definitions: Definitions, selection: ReturnType<typeof selectionOf>, host: Host): Promise<string> {
  const images = definitions.flatMap((definition) => definition.images)
  if (!isAtAmazon(images)) return ''
  const amazon = await loadAmazon(directoryOf(definitions), host.modules).catch(messageOf)
  if (typeof amazon === 'string') return `the policy for AWS is not shown: ${amazon}\n` // a template's packages need not be in its folder
  const policy = amazon.iamPolicy(images, selection)
  if (policy.Statement.length === 0) return ''
  return `the credentials for AWS need no more than this policy:\n${JSON.stringify(policy, null, 2)}\n`
}

function describe(issues: readonly Issue[], style: Parameters<typeof issueLines>[1]): string {
  return `${[...issues.flatMap((issue) => issueLines(issue, style)), '', count(issues.length, 'problem')].join('\n')}\n`
}

function noProblem(definitions: Definitions): string {
  const images = definitions.flatMap((definition) => definition.images)
  const builds = images.reduce((sum, { builders }) => sum + Object.keys(builders).length, 0)
  return `no problem in ${definitions.map(({ file }) => file).join(', ')}: ${count(images.length, 'image')}, ${count(builds, 'build')}`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
