import type { ErrorJson } from '@imago/core'

import { cut } from './cut.ts'
import { failuresOf } from './failures.ts'
import { outputLines, singleLine } from './output-text.ts'
import type { RunRecord } from './run-record.ts'
import { stepTitle } from './step-title.ts'

/** GitHub shows so many annotations of each level for a step of a workflow. */
const mostOfLevel = 10
/** An annotation is for reading at a glance. */
const longestMessage = 4000
const longestTitle = 200

/**
 * What went wrong in a run as workflow commands of GitHub Actions, which show it at the job and beside the commit: an error for each step
 * and build that failed, a warning for each failure that was ignored and each thing that was left behind. Lines, to be written to stdout
 * or stderr, each from the beginning of a line on; empty when there is nothing to say.
 * See https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function githubAnnotations(record: RunRecord): string {
  const errors = failuresOf(record).map(({ build, step, error }) =>
    command('error', step === undefined ? build.label : `${build.label}: ${stepTitle(step.step)}`, messageOf(error)),
  )
  return [...limited(errors, 'error'), ...limited(warningsOf(record), 'warning')].map((line) => `${line}\n`).join('')
}

function warningsOf({ builds }: RunRecord): string[] {
  return builds.flatMap(({ label, steps, left }) => [
    ...steps.flatMap(({ step, status, error }) =>
      status === 'ignored' && error !== undefined
        ? [command('warning', `${label}: ${stepTitle(step)}`, `failed, and the build went on: ${messageOf(error)}`)]
        : [],
    ),
    ...left.map(({ resource, why }) => command('warning', label, `${resource.kind} ${resource.name} was ${why}; imago sweep removes it`)),
  ])
}

/** The lines that are shown; the last one says how many are not. */
function limited(lines: readonly string[], level: Level): readonly string[] {
  if (lines.length <= mostOfLevel) return lines
  const missing = lines.length - (mostOfLevel - 1)
  return [...lines.slice(0, mostOfLevel - 1), command(level, 'imago build', `and ${missing} more, which the log of this step tells`)]
}

type Level = 'error' | 'warning'

function command(level: Level, title: string, message: string): string {
  return `::${level} title=${escapeProperty(cut(singleLine(title), longestTitle))}::${escapeData(cut(message, longestMessage))}`
}

function messageOf({ message, hint }: ErrorJson): string {
  const text = outputLines(message, { colors: false }).join('\n')
  return hint === undefined ? text : `${text}\nhint: ${hint}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
