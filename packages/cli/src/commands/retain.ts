import type { RetiredArtifact } from '@imago/core'
import { formatDuration } from '@imago/core'

import type { Flags } from '../arguments.ts'
import { usageError } from '../arguments.ts'
import { exitCodeOfSignal, exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { artifactTitle } from '../report/artifact-title.ts'
import type { Style } from '../report/style.ts'
import { lookOf } from '../report/look.ts'
import { interruptible } from '../signals.ts'
import { stateDirectory } from '../state-directory.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { definitionFlags, directoryOf, loadDefinitions, selectionOf } from './definition-flags.ts'

const flags = {
  ...definitionFlags,
  'dry-run': { type: 'boolean', help: 'Say what would be removed, and remove nothing.' },
  json: { type: 'boolean', help: 'Write a line of JSON for each artifact to stdout.' },
  'no-color': { type: 'boolean', help: 'No colours.' },
} as const satisfies Flags

/** `imago retain` */
export const retainCommand: Command = defineCommand({
  usage: 'imago retain [options] [file|folder …]',
  description:
    "Removes the artifacts of earlier runs but for the latest, as the images' retain says. Builds that succeed do the same; this does it without a build. " +
    'What something uses stays, and so do files that were changed.',
  flags,
  examples: [
    { command: 'imago retain --dry-run', does: 'Show what the next build would remove.' },
    { command: 'imago retain web/ --only aws', does: 'Remove older AMIs of web/image.ts now.' },
  ],
  async run({ values, positionals }, host) {
    const definitions = await loadDefinitions(positionals, values, host)
    const images = definitions.flatMap((definition) => definition.images)
    if (images.every((image) => image.retain === undefined)) {
      throw usageError('no image says how many of its artifacts stay', 'write retain: { last: 5 } into the definition')
    }
    const { style } = lookOf(host, 'stdout', { noColor: values['no-color'] })
    const note = (message: string): void => host.stderr.write(`${message}\n`)
    using interruption = interruptible(host, { onCancel: note, onExit: note })
    const retired = await host.core.retain(images, {
      ...selectionOf(values, definitions),
      directory: directoryOf(definitions),
      stateDirectory: stateDirectory(host.cwd),
      dryRun: values['dry-run'],
      signal: interruption.signal,
      onArtifact: (one) => tell(one, { host, style, json: values.json }),
    })
    if (!values.json) host.stdout.write(`${headline(retired)}\n`)
    if (interruption.received !== undefined) return exitCodeOfSignal(interruption.received)
    return retired.some(({ outcome }) => outcome === 'failed') ? exitCodes.failed : exitCodes.ok
  },
})

function tell(
  retired: RetiredArtifact,
  { host, style, json }: { readonly host: Host; readonly style: Style; readonly json: boolean },
): void {
  host.stdout.write(json ? `${JSON.stringify(retired)}\n` : `${lineOf(retired, style)}\n`)
}

function lineOf({ image, build, artifact, madeAt, outcome, why, error }: RetiredArtifact, style: Style): string {
  const age = formatDuration(Math.max(0, Date.now() - Date.parse(madeAt)))
  const what = `${style('cyan', `${image}.${build}`)} ${artifactTitle(artifact)} ${style('dim', `(made ${age} ago)`)}`
  if (outcome === 'failed') return `${style('red', 'could not remove')} ${what}: ${error?.message ?? 'nobody knows why'}`
  if (outcome === 'kept') return `${style('yellow', 'kept')} ${what}: ${why ?? 'it is in use'}`
  return `${outcome === 'removed' ? 'removed' : 'would remove'} ${what}`
}

function headline(retired: readonly RetiredArtifact[]): string {
  const count = (outcome: RetiredArtifact['outcome']): number => retired.filter((one) => one.outcome === outcome).length
  const parts = [
    [count('removed'), 'removed'],
    [count('would-remove'), 'would be removed'],
    [count('kept'), 'kept'],
    [count('failed'), 'could not be removed'],
  ].flatMap(([number, words]) => (number === 0 ? [] : [`${number} ${words}`]))
  return parts.length === 0 ? 'nothing to remove' : parts.join(', ')
}
