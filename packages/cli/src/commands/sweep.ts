import type { Plugin, SweptResource } from '@imago/core'

import { loadAmazon } from '../amazon-package.ts'
import type { Flags, FlagValues } from '../arguments.ts'
import { usageError } from '../arguments.ts'
import { exitCodeOfSignal, exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { installedPlugins, loadPlugin } from '../load-plugins.ts'
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
  aws: {
    type: 'boolean',
    help: 'Also look at AWS, by tags, for what builds of this machine have left there. Uses the credentials and the region of the environment.',
  },
  region: { type: 'values', value: '<names>', help: 'With --aws: these regions, with commas between them.' },
  expired: {
    type: 'boolean',
    help: 'With --aws: what builds of any machine have left that is older than they said they would take, and nothing else there.',
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
    {
      command: 'imago sweep --aws --region eu-west-1,us-west-2 --expired',
      does: 'In a job of its own: remove what killed builds have left at AWS.',
    },
  ],
  async run({ values, positionals }, host) {
    noPositionals(positionals)
    const look = lookOf(host, 'stdout', { noColor: values['no-color'] })
    const plugins = [...(await installedPlugins(host)), ...(await amazonPlugins(values, host))]
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

/** What looks at AWS, when that is asked for. */
async function amazonPlugins({ aws, region, expired }: FlagValues<typeof flags>, host: Host): Promise<Plugin[]> {
  if (!aws && (region.length > 0 || expired)) throw usageError(`option '--${expired ? 'expired' : 'region'}' needs --aws beside it`)
  if (!aws) return []
  const { sweepAmazon } = await loadAmazon(host.cwd, host.modules)
  return [sweepAmazon({ regions: region.flatMap((names) => names.split(',')).filter((name) => name !== ''), onlyExpired: expired })]
}

function hasFailed({ outcome }: SweptResource): boolean {
  return outcome === 'failed'
}
