import { singleLine, stepTitle } from '@imago/report/text'

import { displayWidth, padEnd, truncate } from './display-width.ts'
import { formatElapsed } from './format-elapsed.ts'
import type { BuildView } from './run-view.ts'
import type { Style } from './style.ts'
import type { Symbols } from './symbols.ts'

/** What the live lines depend on beside the builds. */
export interface LiveLinesOptions {
  readonly columns: number
  /** No more lines than so many. */
  readonly rows: number
  /** Milliseconds since 1970. */
  readonly now: number
  /** Which picture of the spinner. */
  readonly frame: number
  readonly style: Style
  readonly symbols: Symbols
}

const mostTasks = 3
const barCells = 24

/** One line a build, and one for each transfer of it; none is as wide as the terminal. */
export function liveLines(builds: readonly BuildView[], options: LiveLinesOptions): string[] {
  const { columns, rows, symbols } = options
  const width = Math.max(0, ...builds.map(({ label }) => label.text.length))
  const groups = builds.map((build) => ({ build, lines: [buildLine(build, width, options), ...taskLines(build, options)] }))
  const all = groups.flatMap(({ lines }) => lines)
  const fitting = all.length <= rows ? all : fit(groups, rows)
  return fitting.map((line) => truncate(line, columns - 1, symbols.ellipsis))
}

/** Which builds are worth a line when there are more than lines. */
const urgency = { running: 0, failed: 1, waiting: 2, cancelled: 3, succeeded: 3 } as const

interface Group {
  readonly build: BuildView
  readonly lines: readonly string[]
}

/** Leaves out the transfers, and when that is not enough the builds that matter least. */
function fit(groups: readonly Group[], rows: number): string[] {
  const heads = groups.flatMap(({ lines }) => lines.slice(0, 1))
  if (heads.length <= rows) return heads
  const urgent = groups.toSorted((a, b) => urgency[a.build.status] - urgency[b.build.status])
  const hidden = urgent.slice(rows - 1).map(({ build }) => build.status)
  const count = (statuses: readonly BuildView['status'][]): number => hidden.filter((status) => statuses.includes(status)).length
  const parts = [
    [count(['running']), 'running'],
    [count(['waiting']), 'waiting'],
    [count(['succeeded', 'failed', 'cancelled']), 'done'],
  ] as const
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  return [...urgent.slice(0, rows - 1).flatMap(({ lines }) => lines.slice(0, 1)), `  and ${hidden.length} more: ${told.join(', ')}`]
}

function buildLine(build: BuildView, width: number, options: LiveLinesOptions): string {
  const { style } = options
  const label = padEnd(style(build.label.color, build.label.text), width)
  const elapsed =
    build.status === 'waiting' ? '' : formatElapsed(build.status === 'running' ? options.now - build.startedAt : build.durationMs)
  return `${sign(build, options)} ${label} ${style('dim', elapsed.padStart(6))}  ${doing(build, options)}`
}

function sign({ status }: BuildView, { style, symbols, frame }: LiveLinesOptions): string {
  const signs: Readonly<Record<BuildView['status'], string>> = {
    waiting: style('dim', symbols.waiting),
    running: style('cyan', symbols.spinner[frame % symbols.spinner.length] ?? ''),
    succeeded: style('green', symbols.succeeded),
    failed: style('red', symbols.failed),
    cancelled: style('yellow', symbols.cancelled),
  }
  return signs[status]
}

function doing(build: BuildView, { style }: LiveLinesOptions): string {
  if (build.status === 'waiting') return style('dim', 'waiting')
  if (build.status === 'succeeded' || build.status === 'cancelled') return build.ending
  if (build.status === 'failed') return style('red', singleLine(build.error ?? 'failed'))
  const steps = [...build.running.values()].map(({ step, number, attempt }) => {
    const counter = number === undefined ? '' : `${style('dim', number)} `
    return `${counter}${stepTitle(step)}${attempt > 1 ? ` (attempt ${attempt})` : ''}`
  })
  return steps.join(', ')
}

function taskLines(build: BuildView, { style, symbols, columns }: LiveLinesOptions): string[] {
  const meters = [...build.tasks.values()]
  const shown = meters.slice(-mostTasks)
  const titles = shown.map(({ task }) => truncate(singleLine(task), Math.max(10, Math.floor(columns / 3)), symbols.ellipsis))
  const width = Math.max(0, ...titles.map(displayWidth))
  const lines = shown.map(({ fraction, amount, speed }, index) => {
    const parts = [
      ...(fraction === undefined ? [] : [bar(fraction, style, symbols)]),
      amount,
      ...(speed === '' ? [] : [style('dim', speed)]),
    ]
    return `    ${padEnd(titles[index] ?? '', width)}  ${parts.join('  ')}`
  })
  return meters.length > mostTasks ? [...lines, `    and ${meters.length - mostTasks} more`] : lines
}

function bar(fraction: number, style: Style, { bar: { full, empty } }: Symbols): string {
  const filled = Math.round(fraction * barCells)
  return `${style('cyan', full.repeat(filled))}${style('dim', empty.repeat(barCells - filled))}`
}
