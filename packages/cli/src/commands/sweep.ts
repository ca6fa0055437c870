import type { Plugin, SweptResource } from '@imago/core'

import type { Flags } from '../arguments.ts'
import { exitCodeOfSignal, exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { loadFirstPartyPlugins, loadPlugin } from '../load-plugins.ts'
import { lookOf } from '../report/look.ts'
import { sweptHeadline, sweptLines } from '../report/swept-lines.ts'
import { interruptible } from '../signals.ts'
import { stateDirectory } from '../state-directory.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'
import { noPositionals } from './no-positionals.ts'

const flags = {
  'dry-run': { type: 'boolean', help: 'Say what would be removed, and remove nothing.' },
  'other-hosts': {
    type: 'boolean',
    help: 'Also remove what builds on other machines created. They may still be running: make sure that they are not.',
  },
  json: { type: 'boolean', help: 'Write a line of JSON for each thing to stdout.' },
  'no-color': { type: 'boolean', help: 'No colours.' },
} as const satisfies Flags

/** `imago sweep` */
export const sweepCommand: Command = defineCommand({
  usage: 'imago sweep [options]',
  description:
    'Removes what builds that were killed have left behind: containers, mounts, temporary files. It reads the journals in .imago of the current folder, ' +
    'and asks providers for what bears the labels of Imago. Builds that are still running are left alone.',
  flags,
  examples: [
    { command: 'imago sweep --dry-run', does: 'Show what is left behind.' },
    { command: 'imago sweep', does: 'Remove it.' },
  ],
  async run({ values, positionals }, host) {
    noPositionals(positionals)
    const look = lookOf(host, 'stdout', { noColor: values['no-color'] })
    const plugins = await installedPlugins(host)
    using interruption = interruptible(host, {
      onCancel: (message) => host.stderr.write(`${message}\n`),
      onExit: (message) => host.stderr.write(`${message}\n`),
    })
    const swept = await host.core.sweep({
      stateDirectory: stateDirectory(host.cwd),
      plugins,
      loadPlugin: (name) => loadPlugin(name, host.cwd, host.modules),
      dryRun: values['dry-run'],
      otherHosts: values['other-hosts'],
      signal: interruption.signal,
      onResource: (resource) =>
        host.stdout.write(values.json ? `${JSON.stringify(resource)}\n` : `${sweptLines(resource, look).join('\n')}\n`),
    })
    if (!values.json) host.stdout.write(`${sweptHeadline(swept)}\n`)
    if (interruption.received !== undefined) return exitCodeOfSignal(interruption.received)
    return swept.some(hasFailed) ? exitCodes.failed : exitCodes.ok
  },
})

async function installedPlugins(host: Host): Promise<Plugin[]> {
  const loaded = await loadFirstPartyPlugins(host.cwd, host.modules)
  return loaded.flatMap((result) => {
    if (result.status === 'broken') host.stderr.write(`warning: ${result.name} cannot be loaded: ${result.why}\n`)
    return result.status === 'loaded' ? [result.plugin] : []
  })
}

function hasFailed({ outcome }: SweptResource): boolean {
  return outcome === 'failed'
}
