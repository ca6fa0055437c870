import type { CachedSnapshot, PrunedSnapshot } from '@imago/core'
import { formatDuration, parseDuration } from '@imago/core'
import { formatSize } from '@imago/report/text'

import type { Flags, FlagValues } from '../arguments.ts'
import { usageError } from '../arguments.ts'
import { exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { installedPlugins } from '../load-plugins.ts'
import { parseSize } from '../parse-size.ts'
import { stateDirectory } from '../state-directory.ts'
import type { Command } from './command.ts'
import { defineCommand } from './command.ts'

const flags = {
  keep: {
    type: 'value',
    value: '<size>',
    help: 'prune: remove those that were not used for longest, until the others are no larger: 10GB.',
  },
  'older-than': { type: 'value', value: '<time>', help: 'prune: remove those that were not used for so long: 14d, 12h.' },
  'dry-run': { type: 'boolean', help: 'prune: say what would be removed, and remove nothing.' },
  json: { type: 'boolean', help: 'Write a line of JSON for each snapshot to stdout.' },
} as const satisfies Flags

/** `imago cache` */
export const cacheCommand: Command = defineCommand({
  usage: 'imago cache ls|du|prune [options]',
  description:
    'Lists the snapshots that builds have made after their steps, says how large they are, and removes them. It is the cache of .imago in the ' +
    'current folder. Those that a running build uses stay. Builds themselves keep it below 10 GB.',
  flags,
  examples: [
    { command: 'imago cache ls', does: 'List the snapshots, the one that was used last at the end.' },
    { command: 'imago cache du', does: 'Say how large they are, build by build.' },
    { command: 'imago cache prune', does: 'Remove all of them.' },
    { command: 'imago cache prune --keep 2GB --older-than 14d', does: 'Remove what is too much, and what is too old.' },
  ],
  async run({ values, positionals }, host) {
    const [action, ...more] = positionals
    if (more.length > 0) throw usageError(`imago cache takes one word, and got '${positionals.join(' ')}'`)
    switch (action) {
      case 'ls':
        return await list(values, host)
      case 'du':
        return await sum(values, host)
      case 'prune':
        return await prune(values, host)
      default:
        throw usageError(action === undefined ? 'imago cache needs a word' : `imago cache knows no '${action}'`, 'use ls, du or prune')
    }
  },
})

type Values = FlagValues<typeof flags>

async function list({ json }: Values, { core, cwd, stdout }: Host): Promise<number> {
  const now = Date.now()
  for (const snapshot of await core.cachedSnapshots(stateDirectory(cwd))) {
    stdout.write(json ? `${JSON.stringify(snapshot)}\n` : `${lineOf(snapshot, now)}\n`)
  }
  return exitCodes.ok
}

function lineOf({ key, bytes, usedAt, step, making, ...build }: CachedSnapshot, now: number): string {
  const size = (making === undefined ? formatSize(bytes) : 'unfinished').padStart(10)
  const age = formatDuration(Math.max(0, now - Date.parse(usedAt)))
  return `${key.slice(0, 12)}  ${size}  used ${age} ago  ${build.image}.${build.build} ${step.id} ${step.title}`
}

async function sum({ json }: Values, { core, cwd, stdout }: Host): Promise<number> {
  const sizes = new Map<string, { bytes: number; snapshots: number }>()
  const total = { bytes: 0, snapshots: 0 }
  for (const { image, build, bytes } of await core.cachedSnapshots(stateDirectory(cwd))) {
    const name = `${image}.${build}`
    const own = sizes.get(name) ?? { bytes: 0, snapshots: 0 }
    sizes.set(name, own)
    for (const each of [own, total]) {
      each.bytes += bytes
      each.snapshots++
    }
  }
  if (json) {
    for (const [name, size] of sizes) stdout.write(`${JSON.stringify({ build: name, ...size })}\n`)
    return exitCodes.ok
  }
  for (const [name, size] of [...sizes, ['in all', total] as const]) {
    stdout.write(`${formatSize(size.bytes).padStart(10)}  ${String(size.snapshots).padStart(5)} snapshots  ${name}\n`)
  }
  return exitCodes.ok
}

async function prune(values: Values, host: Host): Promise<number> {
  const pruned = await host.core.pruneCache({
    ...readLimits(values),
    stateDirectory: stateDirectory(host.cwd),
    plugins: await installedPlugins(host),
    dryRun: values['dry-run'],
  })
  for (const one of pruned) host.stdout.write(values.json ? `${JSON.stringify(one)}\n` : `${prunedLine(one)}\n`)
  if (!values.json) host.stdout.write(`${headline(pruned)}\n`)
  return pruned.some(({ outcome }) => outcome === 'failed') ? exitCodes.failed : exitCodes.ok
}

function readLimits({ keep, 'older-than': age }: Values): { readonly keepBytes?: number; readonly olderThan?: number } {
  const keepBytes = keep === undefined ? undefined : parseSize(keep)
  if (keep !== undefined && keepBytes === undefined) throw usageError(`--keep needs a size, and got '${keep}'`, 'write 500MB or 10GB')
  const olderThan = age === undefined ? undefined : parseDuration(age)
  if (age !== undefined && olderThan === undefined) {
    throw usageError(`--older-than needs a length of time, and got '${age}'`, 'write 14d, 12h or 30m')
  }
  return { ...(keepBytes !== undefined && { keepBytes }), ...(olderThan !== undefined && { olderThan }) }
}

function prunedLine({ snapshot, outcome, error }: PrunedSnapshot): string {
  const { key, step, image, build } = snapshot
  const what = `${key.slice(0, 12)} ${image}.${build} ${step.id}`
  if (outcome === 'failed') return `${what} could not be removed: ${error?.message ?? 'nobody knows why'}`
  return `${outcome === 'removed' ? 'removed' : 'would remove'} ${what}`
}

function headline(pruned: readonly PrunedSnapshot[]): string {
  const done = pruned.filter(({ outcome }) => outcome !== 'failed')
  if (pruned.length === 0) return 'nothing to remove'
  const bytes = done.reduce((total, { snapshot }) => total + snapshot.bytes, 0)
  const verb = done.some(({ outcome }) => outcome === 'would-remove') ? 'would free' : 'freed'
  return `${done.length} of ${pruned.length} snapshots, ${verb} ${formatSize(bytes)}`
}
