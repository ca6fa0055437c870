import type { CacheStatus, Duration, Json, Plan, PlannedBuild, PlannedStep, StepCacheStatus } from '@imago/core'
import { formatDuration } from '@imago/core'
import { singleLine, stepTitle } from '@imago/report/text'

import type { Style } from './style.ts'
import type { Symbols } from './symbols.ts'

interface Node {
  readonly text: string
  readonly children?: readonly Node[]
}

/** How a plan looks. */
export interface PlanLook {
  readonly style: Style
  readonly symbols: Symbols
  /** What is known of builds that have run before. @default nothing */
  readonly cache?: readonly CacheStatus[]
}

/** A plan as a tree. */
export function planLines(plan: Plan, { style, symbols, cache = [] }: PlanLook): string[] {
  const description = plan.description === undefined ? '' : style('dim', `  ${singleLine(plan.description)}`)
  const children = plan.builds.map((build) =>
    buildNode(
      build,
      cache.find((status) => status.image === plan.image && status.build === build.build),
      { style, symbols },
    ),
  )
  return [`${style('bold', plan.image)}${description}`, ...branches(children, symbols)]
}

function branches(nodes: readonly Node[], symbols: Symbols): string[] {
  const { branch, last, line, gap } = symbols.tree
  return nodes.flatMap(({ text, children = [] }, index) => {
    const isLast = index === nodes.length - 1
    return [`${isLast ? last : branch}${text}`, ...branches(children, symbols).map((child) => `${isLast ? gap : line}${child}`)]
  })
}

function buildNode(build: PlannedBuild, cache: CacheStatus | undefined, { style, symbols }: PlanLook): Node {
  const makes = `${symbols.arrow} ${build.makes.type}`
  const after = build.after.length === 0 ? '' : ` after ${build.after.join(', ')}`
  return {
    text: `${style('cyan', build.build)} ${style('dim', `(${build.builderType}) ${makes}${after}`)}${cache?.upToDate === true ? style('green', ' up to date') : ''}`,
    children: [
      ...build.provisioners.map((step) => {
        const { text } = stepNode(step, style)
        return {
          text: `${text}${cacheNote(
            cache?.steps.find((status) => status.step.id === step.id),
            style,
          )}`,
        }
      }),
      ...group('if a step fails', build.errorCleanup, style),
      ...build.postProcessors.map((chain) => ({
        text: `${style('dim', 'then')} ${chain.map((step) => describe(step, style)).join(` ${symbols.arrow} `)}`,
      })),
      ...(build.retain === undefined ? [] : [{ text: style('dim', `then keep the last ${build.retain.last}, and remove older ones`) }]),
    ],
  }
}

function group(title: string, steps: readonly PlannedStep[], style: Style): Node[] {
  return steps.length === 0 ? [] : [{ text: style('dim', title), children: steps.map((step) => stepNode(step, style)) }]
}

function stepNode(step: PlannedStep, style: Style): Node {
  return { text: describe(step, style) }
}

function cacheNote(status: StepCacheStatus | undefined, style: Style): string {
  if (status === undefined) return ''
  if (status.state === 'cached') return style('green', ' cached')
  return `${style('yellow', ' will run')}${status.because === undefined ? '' : style('dim', `: ${singleLine(status.because)}`)}`
}

function describe(step: PlannedStep, style: Style): string {
  const notes = [
    ...(step.pauseBefore === undefined ? [] : [`after a pause of ${asWritten(step.pauseBefore)}`]),
    ...(step.timeout === undefined ? [] : [`at most ${asWritten(step.timeout)}`]),
    ...(step.retry === undefined ? [] : [retryNote(step.retry)]),
    ...(step.continueOnError === true ? ['may fail'] : []),
    ...(step.expectDisconnect === true ? ['may end the connection'] : []),
  ]
  return `${stepTitle(step)}${notes.length === 0 ? '' : style('dim', ` (${notes.join(', ')})`)}`
}

function asWritten(duration: Duration): string {
  return typeof duration === 'number' ? formatDuration(duration) : duration
}

function retryNote(retry: Json): string {
  const retries = typeof retry === 'object' && retry !== null && 'retries' in retry ? retry.retries : retry
  return retries === 1 ? 'tried again once' : `tried again ${JSON.stringify(retries)} times`
}
