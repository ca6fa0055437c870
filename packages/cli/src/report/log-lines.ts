import type { BuildEvent, ResourceChanged, StepCached, StepFinished, StepStarted } from '@imago/core'
import { formatDuration } from '@imago/core'
import { outputLines, stepTitle } from '@imago/report/text'

import { artifactTitle } from './artifact-title.ts'
import { endingOf } from './ending.ts'
import type { Label } from './labels.ts'
import { buildKey, labelsOf } from './labels.ts'
import { StepNumbers } from './step-numbers.ts'
import type { Style } from './style.ts'
import type { Symbols } from './symbols.ts'

/** How lines look, and which ones there are. */
export interface LogOptions {
  readonly style: Style
  readonly symbols: Symbols
  /** Whether commands may keep their colours. */
  readonly colors: boolean
  /** Each line begins with the time. */
  readonly timestamps: boolean
  /** Also debug messages, and resources as they come and go. */
  readonly verbose: boolean
}

/** Tells a run as lines, each with the name of its build in front. */
export class LogLines {
  readonly #options: LogOptions
  readonly #steps = new StepNumbers()
  #labels: ReadonlyMap<string, Label> = new Map()

  constructor(options: LogOptions) {
    this.#options = options
  }

  /** The lines that tell an event. Progress is told by other means. */
  linesOf(event: BuildEvent): string[] {
    this.#steps.onEvent(event)
    if (event.type === 'run-started') this.#labels = labelsOf(event.builds)
    return this.#textOf(event).map((line) => this.prefix(event, line))
  }

  /** A line of the build that an event belongs to. */
  prefix(event: BuildEvent, line: string): string {
    const { style, timestamps } = this.#options
    const time = timestamps ? `${style('dim', event.time)} ` : ''
    if (!('build' in event)) return `${time}${line}`
    const { text, color } = this.#labels.get(buildKey(event)) ?? { text: event.build, color: 'cyan' }
    return `${time}${style(color, `${text}:`)} ${line}`
  }

  #textOf(event: BuildEvent): readonly string[] {
    const { style, symbols, colors, verbose } = this.#options
    switch (event.type) {
      case 'build-started': {
        const steps = event.steps === 1 ? '1 step' : `${event.steps} steps`
        return [`${symbols.started} ${style('bold', 'started')} ${style('dim', `(${event.builderType}, ${steps})`)}`]
      }
      case 'build-finished':
        return this.#ended(event.status, style('bold', endingOf(event)), event.durationMs, event.error?.message)
      case 'step-started':
        return [this.#stepStarted(event)]
      case 'step-cached':
        return [this.#stepCached(event)]
      case 'step-finished':
        return this.#stepFinished(event)
      case 'output':
        return outputLines(event.text, { colors })
      case 'message':
        if (event.level === 'debug' && !verbose) return []
        return outputLines(event.text, { colors: false }).map((line) => messageLine(event.level, line, style))
      case 'artifact-removed':
        return [`removed ${artifactTitle(event.artifact)} ${style('dim', `(made ${ageOf(event.madeAt, event.time)} ago)`)}`]
      case 'resource-acquired':
      case 'resource-released':
      case 'resource-kept':
      case 'resource-release-failed':
        return this.#resourceChanged(event)
      default:
        return [] // the run itself, and progress
    }
  }

  #resourceChanged({ type, resource, error }: ResourceChanged): string[] {
    const { style, symbols, verbose } = this.#options
    const what = `${resource.kind} ${resource.name}`
    if (type === 'resource-kept') return [style('yellow', `${what} is kept`)]
    if (type === 'resource-release-failed') {
      const why = error === undefined ? '' : `: ${error.message}`
      return `${symbols.failed} ${what} could not be removed${why}`.split('\n').map((line) => style('red', line))
    }
    return verbose ? [style('dim', `${type === 'resource-acquired' ? 'created' : 'removed'} ${what}`)] : []
  }

  #stepStarted({ step, attempt, ...event }: StepStarted): string {
    const { style, symbols } = this.#options
    const number = this.#steps.numberOf(event, step)
    const notes = [...(number === undefined ? [] : [number]), ...(attempt > 1 ? [`attempt ${attempt}`] : [])]
    return `${symbols.started} ${stepTitle(step)}${notes.length === 0 ? '' : style('dim', ` (${notes.join(', ')})`)}`
  }

  #stepCached({ step, ranAt, ...event }: StepCached): string {
    const { style, symbols } = this.#options
    const number = this.#steps.numberOf(event, step)
    const notes = [...(number === undefined ? [] : [number]), `ran ${ageOf(ranAt, event.time)} ago`]
    return `${style('cyan', symbols.cached)} ${stepTitle(step)} ${style('cyan', 'cached')}${style('dim', ` (${notes.join(', ')})`)}`
  }

  #stepFinished(event: StepFinished): string[] {
    const lines = this.#ended(event.status, stepTitle(event.step), event.durationMs, event.error?.message)
    const { style, symbols } = this.#options
    if (event.retryInMs !== undefined) lines.push(style('yellow', `${symbols.retried} trying again in ${formatDuration(event.retryInMs)}`))
    if (event.ignored === true) lines.push(style('yellow', 'the build goes on, as continueOnError says'))
    return lines
  }

  #ended(status: 'succeeded' | 'failed' | 'cancelled', title: string, durationMs: number, why: string | undefined): string[] {
    const { style, symbols } = this.#options
    const time = style('dim', formatDuration(durationMs))
    if (status === 'succeeded') return [`${style('green', symbols.succeeded)} ${title} ${time}`]
    if (status === 'cancelled') return [`${style('yellow', symbols.cancelled)} ${title} ${time}`]
    const [first = '', ...rest] = (why ?? 'failed').split('\n')
    return [`${style('red', symbols.failed)} ${title} ${time} ${style('red', first)}`, ...rest.map((line) => style('red', line))]
  }
}

function ageOf(then: string, now: string): string {
  return formatDuration(Math.max(0, Date.parse(now) - Date.parse(then)))
}

function messageLine(level: 'debug' | 'info' | 'warning', line: string, style: Style): string {
  if (level === 'warning') return style('yellow', `warning: ${line}`)
  return level === 'debug' ? style('dim', line) : line
}
