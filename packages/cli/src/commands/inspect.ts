import type { Flags } from '../arguments.ts'
import { exitCodes } from '../exit-code.ts'
import { readTemplateFile, templateOptions, templatePackage } from '../load-template.ts'
import { inspectionLines } from '../report/inspection-lines.ts'
import { lookOf } from '../report/look.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags } from './definition-flags.ts'
import { templatePath } from './template-path.ts'

const flags = {
  ...definitionFlags,
  json: { type: 'boolean', help: 'Write what was found to stdout as JSON.' },
  'no-color': { type: 'boolean', help: 'No colours.' },
} as const satisfies Flags

/** `imago inspect` */
export const inspectCommand: Command = defineCommand({
  usage: 'imago inspect [options] <template.json>',
  description: 'Shows what a template of Packer has in it: variables, builds, steps, and what there is no counterpart of yet.',
  flags,
  examples: [{ command: 'imago inspect packer.json', does: 'Show what packer.json has in it.' }],
  async run({ values, positionals }, host) {
    const file = await readTemplateFile(templatePath(positionals), host)
    const templates = await templatePackage()
    const { warnings, ...inspection } = await templates.inspectTemplate(file, await templateOptions(values, host))
    for (const warning of warnings) host.stderr.write(`warning: ${templates.formatProblem(warning)}\n`)
    const { style } = lookOf(host, 'stdout', { noColor: values['no-color'] })
    const text = values.json ? JSON.stringify(inspection) : inspectionLines({ ...inspection, warnings }, style).join('\n')
    host.stdout.write(`${text}\n`)
    return exitCodes.ok
  },
})
