import type { ConversionCheck, ConvertedTemplate } from '@imago/packer-template'

import type { Flags } from '../arguments.ts'
import { exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { loadConverted } from '../load-converted.ts'
import { readTemplateFile, templateOptions, templatePackage } from '../load-template.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags } from './definition-flags.ts'
import { templatePath } from './template-path.ts'

const flags = {
  ...definitionFlags,
  check: {
    type: 'boolean',
    help: 'Write nothing: compare what the template and its conversion stand for. The exit code is 1 when they differ.',
  },
} as const satisfies Flags

/** `imago convert` */
export const convertCommand: Command = defineCommand({
  usage: 'imago convert [options] <template.json>',
  description:
    'Writes a template of Packer as an image file in TypeScript to stdout. Variables become parameters of the same names, and need no values. ' +
    'What has no counterpart yet stands in comments, and is told on stderr.',
  flags,
  examples: [
    { command: 'imago convert packer.json > image.ts', does: 'Convert a template.' },
    { command: 'imago convert --check packer.json', does: 'Say whether the conversion builds the same.' },
  ],
  async run({ values, positionals }, host) {
    const file = await readTemplateFile(templatePath(positionals), host)
    const templates = await templatePackage()
    const options = await templateOptions(values, host)
    const converted = await templates.convertTemplate(file, options)
    const say = (problem: ConvertedTemplate['warnings'][number]): void =>
      host.stderr.write(`warning: ${templates.formatProblem(problem)}\n`)
    for (const problem of [...converted.warnings, ...converted.missing]) say(problem)
    if (!values.check) {
      host.stdout.write(converted.code)
      host.stderr.write(`it needs: npm install --save-dev ${neededBy(converted).join(' ')}\n`)
      return exitCodes.ok
    }
    return report(file.path, await templates.checkConversion(file, options, (code, packages) => loadConverted(code, packages, host)), host)
  },
})

/** What has to be installed for a conversion to run, and to be checked by the compiler. */
function neededBy({ code, packages }: ConvertedTemplate): readonly string[] {
  const types = /\bprocess\.env\[|\bimport\.meta\.dirname\b/.test(code) ? ['@types/node'] : []
  return ['@imago/cli', ...packages, ...types]
}

function report(path: string, { differences, builds, steps }: ConversionCheck, host: Host): number {
  const size = `${count(builds, 'build')}, ${count(steps, 'step')}`
  if (differences.length === 0) {
    host.stdout.write(`${path} and its conversion are the same: ${size}\n`)
    return exitCodes.ok
  }
  host.stderr.write(`${path} and its conversion differ (${size}):\n${differences.map((line) => `  ${line}`).join('\n')}\n`)
  return exitCodes.failed
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
