import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { RunOptions } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { Flags } from '../arguments.ts'
import { usageError } from '../arguments.ts'
import { exitCodeOfReport, exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { chooseReporter } from '../report/choose-reporter.ts'
import type { TerminalStepOptions } from '../shell/terminal-step.ts'
import { terminalStep } from '../shell/terminal-step.ts'
import { findBuild, visitedImage } from '../shell/visited-image.ts'
import { interruptible } from '../signals.ts'
import { stateDirectory } from '../state-directory.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags, directoryOf, loadDefinitions } from './definition-flags.ts'

const { var: variable, 'var-file': variableFile, lenient } = definitionFlags

const flags = {
  after: {
    type: 'value',
    value: '<step>',
    help: 'The step after which the shell opens: provisioners[2], or its name. Default: the last one.',
  },
  'no-cache': { type: 'boolean', help: 'Do every step, and keep no snapshots.' },
  var: variable,
  'var-file': variableFile,
  lenient,
  'no-color': { type: 'boolean', help: 'No colours.' },
  verbose: { type: 'boolean', help: 'Also tell debug messages, and what is created and removed.' },
} as const satisfies Flags

/** `imago shell` */
export const shellCommand: Command = defineCommand({
  usage: 'imago shell [options] [file|folder] [build]',
  description:
    "Opens a shell in a build's machine as it is after a step, or as a step that fails has left it. The steps before are run, or taken from the cache. " +
    'When the shell ends, the machine is removed, and nothing is made of it.',
  flags,
  examples: [
    { command: 'imago shell', does: 'Look at the machine of the one build of ./image.ts as it is in the end.' },
    { command: "imago shell image.ts docker --after 'provisioners[2]'", does: 'Look at that of docker, after the third step.' },
  ],
  async run({ values, positionals }, host) {
    if (!host.keys.isTerminal || !host.stdout.isTerminal) throw usageError('a shell needs a terminal')
    const { path, build: name } = await readPositionals(positionals, host)
    const definitions = await loadDefinitions([path], { ...values, only: [], except: [] }, host)
    const build = findBuild(definitions[0].images, name)
    const plan = host.core.plan(build.image, { only: [build.build] })
    const options = {
      cache: !values['no-cache'],
      only: [build.build],
      directory: directoryOf(definitions),
      stateDirectory: stateDirectory(host.cwd),
    }
    const display = { json: false, plain: true, timestamps: false, noColor: values['no-color'], verbose: values.verbose }
    const imageWith = (steps: Steps) => visitedImage(build, { plan, after: values.after, ...steps })
    return await visit(imageWith, { host, options, display })
  },
})

type Steps = Pick<Parameters<typeof visitedImage>[1], 'visit' | 'visitFailure'>

interface Visit {
  readonly host: Host
  readonly options: RunOptions & { readonly only: readonly string[] }
  readonly display: Parameters<typeof chooseReporter>[1]
}

async function visit(imageWith: (steps: Steps) => ReturnType<typeof visitedImage>, { host, options, display }: Visit): Promise<number> {
  const { core, stdout, terminal, environment } = host
  const reporter = chooseReporter(host, display)
  const left = new AbortController()
  using interruption = interruptible(host, {
    onCancel: (message) => reporter.note(message),
    onExit: (message) => host.stderr.write(`${message}\n`),
  })
  let isOpen = false
  const open: TerminalStepOptions = {
    terminal,
    size: () => stdout.size(),
    kind: environment.terminal ?? 'xterm',
    onOpen(hasTerminal) {
      isOpen = true
      reporter.note(
        hasTerminal ? 'this is the machine; exit leaves it' : 'this is the machine, without a terminal of its own; exit leaves it',
      )
    },
    onEnd: () => (isOpen = false),
  }
  const onEnd = (): void => {
    open.onEnd()
    left.abort(new ImagoError('CANCELLED', 'the shell has ended'))
  }
  const image = imageWith({ visit: terminalStep({ ...open, onEnd }), visitFailure: terminalStep(open) })
  try {
    const report = await core.run(image, {
      ...options,
      signal: AbortSignal.any([interruption.signal, left.signal]),
      onEvent(event) {
        if (!isOpen && !left.signal.aborted) reporter.onEvent(event)
      },
    })
    if (left.signal.aborted && report.left.length === 0) return exitCodes.ok
    reporter.finish(report)
    return exitCodeOfReport(report, interruption.received)
  } finally {
    reporter.close()
  }
}

/** One word alone names a file or a folder where there is one, and else a build. */
async function readPositionals(positionals: readonly string[], { cwd }: Host): Promise<{ readonly path: string; readonly build?: string }> {
  const [first, second, ...others] = positionals
  if (others.length > 0) throw usageError(`one build at a time: '${others.join("', '")}' is too much`)
  if (first === undefined) return { path: '.' }
  if (second !== undefined) return { path: first, build: second }
  const isThere = await stat(resolve(cwd, first)).then(() => true, () => false) // prettier-ignore
  return isThere || /\.[cm]?[jt]s(?:on)?$/.test(first) ? { path: first } : { path: '.', build: first }
}
