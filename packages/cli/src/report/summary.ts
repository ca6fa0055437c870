import type { BuildReport, Report, ResourceRecord } from '@imago/core'
import { formatDuration } from '@imago/core'
import { headline, stepTitle } from '@imago/report/text'

import type { Output } from '../output.ts'
import { artifactLines } from './artifact-lines.ts'
import { padEnd } from './display-width.ts'
import { endingOf } from './ending.ts'
import { errorLines } from './error-lines.ts'
import { buildKey, labelsOf } from './labels.ts'
import type { Style } from './style.ts'
import type { Symbols } from './symbols.ts'

/** Where and how the summary is written. */
export interface SummaryOptions {
  readonly stdout: Output
  readonly stderr: Output
  readonly style: Style
  /** For what goes to stderr. */
  readonly errorStyle: Style
  readonly symbols: Symbols
  /** Paths below it are shown relative to it. */
  readonly cwd: string
}

/** Writes how a run went: a table to stdout; what failed, and what is left, to stderr. */
export function writeSummary(report: Report, options: SummaryOptions): void {
  options.stdout.write(`\n${tableLines(report, options).join('\n')}\n`)
  writeFailures(report, options)
}

/** Writes what failed and why, and what is left, to stderr. */
export function writeFailures(report: Report, { stderr, errorStyle }: Pick<SummaryOptions, 'stderr' | 'errorStyle'>): void {
  const paragraphs = [...failureParagraphs(report, errorStyle), ...leftParagraph(report.left)]
  for (const lines of paragraphs) stderr.write(`\n${lines.join('\n')}\n`)
}

function tableLines(report: Report, { style, symbols, cwd }: SummaryOptions): string[] {
  const labels = labelsOf(report.builds)
  const rows = report.builds.map((build) => ({ build, label: labels.get(buildKey(build))?.text ?? build.build }))
  const signs = {
    succeeded: style('green', symbols.succeeded),
    failed: style('red', symbols.failed),
    cancelled: style('yellow', symbols.cancelled),
  }
  const width = Math.max('Build'.length, ...rows.map(({ label }) => label.length)) + 2
  return [
    style('dim', `  ${padEnd('Build', width)}${padEnd('Result', 11)}Time`),
    ...rows.flatMap(({ build, label }) => [
      `${signs[build.status]} ${padEnd(style('bold', label), width)}${padEnd(endingOf(build), 11)}${formatDuration(build.durationMs)}`,
      ...artifactLines(build.artifacts, cwd).map((line) => `    ${line}`),
    ]),
    '',
    `${headline(report.builds.map(({ status, upToDate }) => (upToDate === true ? 'up-to-date' : status)))} ${style('dim', `in ${formatDuration(report.durationMs)}`)}`,
  ]
}

function failureParagraphs(report: Report, style: Style): string[][] {
  const labels = labelsOf(report.builds)
  return report.builds.flatMap((build) => {
    const label = labels.get(buildKey(build))?.text ?? build.build
    const steps = failedSteps(build)
    const said = new Set(steps.map(({ error }) => error.message))
    return [
      ...steps.map(({ title, error }) => errorLines(error, `${label}: ${title}`, style)),
      ...(build.status === 'failed' && build.error !== undefined && !said.has(build.error.message)
        ? [errorLines(build.error, label, style)]
        : []),
    ]
  })
}

/** The steps that have failed for good: one that was tried again counts by its last outcome. */
function failedSteps({ steps }: BuildReport): { title: string; error: NonNullable<BuildReport['error']> }[] {
  const last = new Map(steps.map((report) => [report.step.id, report]))
  return [...last.values()].flatMap(({ step, status, error, ignored }) =>
    status === 'failed' && error !== undefined && ignored !== true ? [{ title: stepTitle(step), error }] : [],
  )
}

function leftParagraph(left: readonly ResourceRecord[]): string[][] {
  if (left.length === 0) return []
  return [
    [
      left.length === 1 ? 'this still exists:' : `these ${left.length} still exist:`,
      ...left.map(({ kind, name }) => `  ${kind} ${name}`),
      "'imago sweep' removes what builds have left behind",
    ],
  ]
}
