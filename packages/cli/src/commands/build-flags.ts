import type { OnErrorPolicy, RunOptions } from '@imago/core'
import { nameHint, parseDuration } from '@imago/core'

import type { FlagValues } from '../arguments.ts'
import { usageError } from '../arguments.ts'

/** The options of `imago build` beside those that every command has that loads image files. */
export const buildFlags = {
  'on-error': {
    type: 'value',
    value: '<what>',
    help: 'When a step has failed: cleanup (the default), abort (leave everything as it is), ask, or run-cleanup-provisioner (run errorCleanup and leave the rest).',
  },
  'parallel-builds': { type: 'value', value: '<number>', help: 'How many builds run at a time. 0, the default: all.' },
  pool: { type: 'values', value: '<name=number>', help: 'How many builds of a provider (qemu, docker, oci, …) run at a time.' },
  'no-cache': { type: 'boolean', help: 'Do every step, and keep no snapshots. Otherwise only what has changed since it was done before.' },
  'no-cache-from': { type: 'value', value: '<step>', help: "Do this step and those after it again: provisioners[2], or the step's name." },
  'fail-fast': { type: 'boolean', help: 'The first build that fails cancels the others.' },
  'release-timeout': { type: 'value', value: '<time>', help: 'How long removing what a build has created may take: 30s, 5m. Default: 2m.' },
  report: {
    type: 'value',
    value: '<file>',
    help: 'Write a page about the run: its timeline, what failed, logs, sizes. HTML that needs nothing else.',
  },
  junit: { type: 'value', value: '<file>', help: 'Write JUnit XML about the run: a test suite for each build, a case for each step.' },
  provenance: { type: 'boolean', help: 'Write beside each artifact a statement of how it was built: SLSA provenance, in JSON.' },
  'provenance-dir': {
    type: 'value',
    value: '<folder>',
    help: 'Where such statements are of artifacts that are no files. Default: .imago/provenance',
  },
  json: { type: 'boolean', help: 'Write every event to stdout as a line of JSON, and nothing else.' },
  plain: { type: 'boolean', help: 'Write plain lines although stdout is a terminal.' },
  timestamps: { type: 'boolean', help: 'Begin each line with the time.' },
  'no-color': { type: 'boolean', help: 'No colours. NO_COLOR=1 does the same; FORCE_COLOR=1 does the opposite.' },
  verbose: { type: 'boolean', help: 'Also tell debug messages, and what is created and removed.' },
} as const

/** What a command line says for {@link buildFlags}. */
export type BuildValues = FlagValues<typeof buildFlags>

const policies: readonly OnErrorPolicy[] = ['cleanup', 'abort', 'run-cleanup-provisioner']

/** What `--on-error` says. */
export function readOnError(text: string | undefined): OnErrorPolicy | 'ask' {
  if (text === undefined || text === 'ask') return text ?? 'cleanup'
  const policy = policies.find((name) => name === text)
  if (policy === undefined) throw usageError(`--on-error cannot be '${text}'`, nameHint(text, [...policies, 'ask']))
  return policy
}

/** What the run does not do again. */
export function readCache(values: BuildValues): Pick<RunOptions, 'cache'> {
  const from = values['no-cache-from']
  if (values['no-cache'] && from !== undefined) throw usageError('--no-cache and --no-cache-from exclude each other')
  if (values['no-cache']) return { cache: false }
  return { cache: from === undefined ? true : { from } }
}

/** The options of the run that are numbers and times. */
export function readLimits(values: BuildValues): Pick<RunOptions, 'concurrency' | 'pools' | 'failFast' | 'releaseTimeout'> {
  const concurrency = values['parallel-builds'] === undefined ? 0 : readCount(values['parallel-builds'], '--parallel-builds', 0)
  return {
    failFast: values['fail-fast'],
    pools: Object.fromEntries(values.pool.map(readPool)),
    ...(concurrency > 0 && { concurrency }),
    ...(values['release-timeout'] !== undefined && { releaseTimeout: readTime(values['release-timeout'], '--release-timeout') }),
  }
}

function readPool(text: string): readonly [string, number] {
  const at = text.lastIndexOf('=')
  if (at < 1) throw usageError(`--pool '${text}' is not a name and a number`, 'write --pool qemu=2')
  return [text.slice(0, at), readCount(text.slice(at + 1), '--pool', 1)]
}

function readCount(text: string, option: string, least: number): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < least) throw usageError(`${option} needs a whole number of at least ${least}, and got '${text}'`)
  return count
}

function readTime(text: string, option: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw usageError(`${option} needs a length of time, and got '${text}'`, 'write 500ms, 30s, 5m or 1h')
  return ms
}
