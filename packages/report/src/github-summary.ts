import type { Artifact } from '@imago/core'
import { formatDuration } from '@imago/core'

import { artifactNames, artifactSize } from './artifact-names.ts'
import { cut } from './cut.ts'
import type { Failure } from './failures.ts'
import { failuresOf } from './failures.ts'
import { formatSize } from './format-size.ts'
import { headline } from './headline.ts'
import { lastLines } from './log.ts'
import { codeBlock, codeSpan, escapeMarkdown, tableOf } from './markdown.ts'
import { outputLines } from './output-text.ts'
import type { BuildRecord, RunRecord } from './run-record.ts'
import { statuses } from './statuses.ts'
import { stepTitle } from './step-title.ts'

/** A summary may have 1 MiB; it tells of so many builds, */
const mostBuilds = 200
/** of so many failures, */
const mostFailures = 20
/** and with each so much of what was said last. */
const tail = { lines: 20, characters: 4000 }
/** A build is told with so many artifacts. */
const mostArtifacts = 5

/** A run as Markdown for the summary of a job of GitHub Actions: a line for each build, and what failed, with the end of what it said. */
export function githubSummary(record: RunRecord): string {
  const { builds, durationMs, status } = record
  const failures = failuresOf(record)
  return [
    `## ${statuses[status].sign} ${escapeMarkdown(headline(builds.map((build) => build.status)))} in ${formatDuration(durationMs)}`,
    tableOf(['Build', 'Result', 'Time', 'Artifacts'], builds.slice(0, mostBuilds).map(cellsOf)),
    ...more(builds.length - mostBuilds, 'builds'),
    ...failures.slice(0, mostFailures).map(failureText),
    ...more(failures.length - mostFailures, 'failures'),
    '',
  ].join('\n\n')
}

function more(number: number, things: string): string[] {
  return number > 0 ? [`And ${number} more ${things}.`] : []
}

function cellsOf({ label, builderType, status, from, to, artifacts }: BuildRecord): string[] {
  const { sign, word } = statuses[status]
  const shown = artifacts.slice(0, mostArtifacts).map(artifactText)
  const missing = artifacts.length > mostArtifacts ? [`and ${artifacts.length - mostArtifacts} more`] : []
  return [
    `**${escapeMarkdown(label)}** ${escapeMarkdown(builderType)}`,
    `${sign} ${word}`,
    status === 'not-run' ? '' : formatDuration(to - from),
    [...shown, ...missing].join('<br>'),
  ]
}

function artifactText(artifact: Artifact): string {
  const { type, id, files = [] } = artifact
  const size = artifactSize(artifact) ?? (files.length === 0 ? undefined : files.reduce((sum, file) => sum + file.size, 0))
  return [
    escapeMarkdown(type),
    codeSpan(id),
    ...artifactNames(artifact).map(codeSpan),
    ...(size === undefined ? [] : [formatSize(size)]),
  ].join(' ')
}

function failureText({ build, step, error }: Failure): string {
  const title = step === undefined ? build.label : `${build.label}: ${stepTitle(step.step)}`
  const said = lastLines(step?.log ?? build.log, tail)
  return [
    `### ${escapeMarkdown(title)}`,
    codeBlock(cut(outputLines(error.message, { colors: false }).join('\n'), tail.characters)),
    ...(error.hint === undefined ? [] : [`**Hint:** ${escapeMarkdown(error.hint)}`]),
    ...(said.length === 0 ? [] : [`<details><summary>What it said last</summary>\n\n${codeBlock(said.join('\n'))}\n\n</details>`]),
  ].join('\n\n')
}
