import type { Flags } from '../arguments.ts'
import { inspect } from '../doctor.ts'
import { exitCodes } from '../exit-code.ts'
import { lookOf } from '../report/look.ts'
import { doctorLines } from '../report/doctor-lines.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { noPositionals } from './no-positionals.ts'

const flags = {
  json: { type: 'boolean', help: 'Write what was found to stdout as JSON.' },
  'no-color': { type: 'boolean', help: 'No colours.' },
} as const satisfies Flags

/** `imago doctor` */
export const doctorCommand: Command = defineCommand({
  usage: 'imago doctor [options]',
  description:
    'Says what this machine can build with, what is missing, and how to get it. Nothing is changed. The exit code is 1 when nothing can be built at all.',
  flags,
  examples: [{ command: 'imago doctor', does: 'Look for Docker, user namespaces and whatever else the installed builders need.' }],
  async run({ values, positionals }, host) {
    noPositionals(positionals)
    const diagnosis = await inspect(host)
    const text = values.json
      ? JSON.stringify(diagnosis)
      : doctorLines(diagnosis, lookOf(host, 'stdout', { noColor: values['no-color'] })).join('\n')
    host.stdout.write(`${text}\n`)
    return diagnosis.canBuild ? exitCodes.ok : exitCodes.failed
  },
})
