import type { Image, OnError, Plan, RunOptions, Selection } from '@imago/core'
import { ImagoError, isImagoError } from '@imago/core'

import { usageError } from '../arguments.ts'
import { askOnError } from '../ask-on-error.ts'
import { exitCodeOfReport, exitCodes, exitCodeOfSignal } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { planWithBases } from '../plan-with-bases.ts'
import type { ProvenanceFiles } from '../provenance-files.ts'
import { definitionMaterials, prepareProvenance } from '../provenance-files.ts'
import { chooseReporter } from '../report/choose-reporter.ts'
import type { Reporter } from '../report/reporter.ts'
import type { Interruption } from '../signals.ts'
import { interruptible } from '../signals.ts'
import type { RunOutputs } from '../run-outputs.ts'
import { prepareRunOutputs } from '../run-outputs.ts'
import { stateDirectory } from '../state-directory.ts'
import { buildFlags, readCache, readLimits, readOnError } from './build-flags.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags, directoryOf, loadDefinitions, selectionOf } from './definition-flags.ts'

/** `imago build` */
export const buildCommand: Command = defineCommand({
  usage: 'imago build [options] [file|folder …]',
  description:
    'Builds the images that image files define. A folder stands for its image.ts (or .mts, .js, .mjs); the default is the current folder. ' +
    'Relative paths in a definition are relative to its file. What builds create is noted in .imago, where imago sweep looks for it.',
  flags: { ...definitionFlags, ...buildFlags },
  examples: [
    { command: 'imago build', does: 'Build everything that ./image.ts defines.' },
    { command: 'imago build web/ --only docker', does: 'Build docker of web/image.ts.' },
    { command: "imago build --except 'aws-*' --var version=1.4", does: 'Build all but some, with a parameter.' },
    { command: 'imago build --on-error ask', does: 'When a step fails, ask what to do with its machine.' },
    { command: 'imago build --report run.html', does: 'Also write a page about the run.' },
    { command: 'imago build --provenance', does: 'Also write beside each artifact how it was built, for others to verify.' },
    { command: 'imago build --json | jq -c \'select(.type == "build-finished")\'', does: 'Hand the events to another program.' },
  ],
  async run({ values, positionals }, host) {
    const policy = readOnError(values['on-error'])
    if (policy === 'ask' && !(host.keys.isTerminal && host.stdout.isTerminal && !values.json)) {
      throw usageError('--on-error ask needs a terminal to ask on', 'use cleanup, abort or run-cleanup-provisioner')
    }
    if (policy === 'ask' && values.provenance) {
      throw usageError('--provenance and --on-error ask exclude each other', 'what is edited during a build stands in no definition')
    }
    const limits = readLimits(values)
    const outputs = await prepareRunOutputs({ ...values, noColor: values['no-color'] }, host)
    const provenance = await prepareProvenance({ ...values, noColor: values['no-color'] }, host)
    const definitions = await loadDefinitions(positionals, values, host)
    const options = {
      ...limits,
      ...(provenance && { provenance: { materials: await definitionMaterials(definitions, host.cwd) } }),
      ...readCache(values),
      ...selectionOf(values, definitions),
      directory: directoryOf(definitions),
      stateDirectory: stateDirectory(host.cwd),
    }
    const reporter = chooseReporter(host, { ...values, noColor: values['no-color'] })
    const images = definitions.flatMap((definition) => definition.images)
    const reload = async (name: string): Promise<Image> => {
      const modules = { ...host.modules, importFile: (path: string) => host.modules.reimportFile(path) }
      const edited = await loadDefinitions(positionals, values, { ...host, modules })
      return findImage(
        edited.flatMap((definition) => definition.images),
        name,
      )
    }
    const task = { images, options, policy, reporter, host, outputs, provenance, reload }
    return outputs === undefined ? runBuilds(task) : runAndWrite(task, outputs)
  },
})

interface Task {
  readonly images: readonly Image[]
  readonly options: RunOptions & Selection
  readonly policy: ReturnType<typeof readOnError>
  readonly reporter: Reporter
  readonly host: Host
  readonly outputs: RunOutputs | undefined
  readonly provenance: ProvenanceFiles | undefined
  /** The image with a name, as its file defines it now. */
  readonly reload: (name: string) => Promise<Image>
}

function findImage(images: readonly Image[], name: string): Image {
  const image = images.find((one) => one.name === name)
  if (image === undefined) throw usageError(`it no longer has an image '${name}'`)
  return image
}

/** Runs the builds and writes what is wanted of the run, however it ended. A build that went well is no success when a file is missing. */
async function runAndWrite(task: Task, outputs: RunOutputs): Promise<number> {
  const plans = (): Plan[] => planWithBases(task.images, task.options, task.host.core.plan)
  const code = await runBuilds(task).catch(async (error: unknown) => {
    await outputs.write(plans)
    throw error
  })
  const isWritten = await outputs.write(plans)
  return code === exitCodes.ok && !isWritten ? exitCodes.failed : code
}

async function runBuilds(task: Task): Promise<number> {
  const { images, options, policy, reporter, host, outputs } = task
  const forgetExit = host.onExit(() => reporter.close())
  using interruption = interruptible(host, {
    onCancel: (message) => reporter.note(message),
    onExit(message) {
      reporter.close()
      host.stderr.write(`${message}\n`)
    },
  })
  try {
    const report = await host.core.run(images, {
      ...options,
      onError: policy === 'ask' ? askTerminal(task, interruption) : policy,
      signal: interruption.signal,
      onEvent(event) {
        outputs?.onEvent(event)
        reporter.onEvent(event)
      },
    })
    reporter.finish(report)
    const code = exitCodeOfReport(report, interruption.received)
    const isTold = (await task.provenance?.write(report)) ?? true
    return code === exitCodes.ok && !isTold ? exitCodes.failed : code
  } catch (error) {
    if (interruption.received === undefined || !isImagoError(error, 'CANCELLED')) throw error
    return exitCodeOfSignal(interruption.received)
  } finally {
    reporter.close()
    forgetExit()
  }
}

function askTerminal({ host, options, reporter, reload }: Task, interruption: Interruption): OnError {
  return askOnError({
    keys: host.keys,
    show: (question) => reporter.ask(question),
    interrupt: () => interruption.interrupt(),
    async reload(name) {
      const image = await reload(name)
      const issues = await host.core.validate(image, options)
      if (issues.length === 0) return image
      throw new ImagoError('DEFINITION_INVALID', issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '))
    },
  })
}
