import { shellLocalTable } from '../components/shell-local.ts'
import { duration } from '../mapping/coercions.ts'
import { parseGoDuration } from '../mapping/go-duration.ts'
import type { Known, Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { inside } from '../reports.ts'
import type { ProvisionerConfig } from '../template/template.ts'
import type { Duration } from '@imago/core'
import type { BuildScope } from './component-model.ts'
import type { MappedComponent, ModelComponent, StepModel } from './image-model.ts'
import { isMapped } from './image-model.ts'

/**
 * Puts the pauses after steps (`pause_after`) before the steps that follow; a step that only waits is put in where none follows for the
 * same builds, or where it waits already.
 */
export async function withPauses(
  steps: readonly StepModel[],
  configs: readonly ProvisionerConfig[],
  scopes: readonly BuildScope[],
): Promise<readonly StepModel[]> {
  const result: StepModel[] = []
  let pending: Known<Duration> | Duration | undefined
  for (const [index, step] of steps.entries()) {
    if (step.variants.length === 0) continue
    const waits = pending === undefined ? step : withPauseBefore(step, pending, result.at(-1))
    if (waits === undefined && pending !== undefined) result.push(waitingStep(pending, result.at(-1) ?? step), step)
    else result.push(waits ?? step)
    const config = configs[index]
    pending = config === undefined ? undefined : pauseAfter(config, scopes)
  }
  const last = result.at(-1)
  if (pending !== undefined && last !== undefined) result.push(waitingStep(pending, last))
  return result
}

function pauseAfter(config: ProvisionerConfig, scopes: readonly BuildScope[]): Known<Duration> | Duration | undefined {
  const [scope] = scopes
  const member = config.type === 'shell' ? config.options.members.get('pause_after') : undefined
  if (member === undefined || scope === undefined) return undefined
  const { reports, renderer, folders, name } = scope
  const build = { name, type: scope.config.type }
  const where = inside(config, member.at, 'pause_after')
  const pause: Model<Duration> | undefined = duration(member.value, { ...where, reports, renderer, folders, build, buildIsFact: false })
  return pause
}

function withPauseBefore(step: StepModel, pause: Known<Duration> | Duration, before: StepModel | undefined): StepModel | undefined {
  const simple = step.variants.every(({ component }) => !isMapped(component) || component.common['pauseBefore'] === undefined)
  if (!simple || buildsOf(step) !== buildsOf(before)) return undefined
  return { variants: step.variants.map(({ builds, component }) => ({ builds, component: paused(component, pause) })) }
}

function paused(component: ModelComponent, pauseBefore: Known<Duration> | Duration): ModelComponent {
  return isMapped(component) ? { ...component, common: { ...component.common, pauseBefore } } : component
}

function buildsOf(step: StepModel | undefined): string | undefined {
  return step?.variants
    .flatMap(({ builds }) => builds)
    .toSorted()
    .join(',')
}

/** A step that waits, for the builds of another. */
function waitingStep(pause: Known<Duration> | Duration, after: StepModel): StepModel {
  const value = isKnown(pause) ? pause.value : pause
  const seconds = typeof value === 'string' ? (parseGoDuration(value) ?? 0) / 1000 : 0
  const [first] = after.variants
  const component: MappedComponent = {
    kind: 'provisioner',
    type: 'shell-local',
    table: shellLocalTable,
    options: { inline: [`sleep ${seconds}`] },
    common: {},
    missing: [],
    at: first?.component.at ?? { file: '', line: 1, column: 1 },
    path: first?.component.path ?? [],
  }
  return { variants: [{ builds: after.variants.flatMap(({ builds }) => builds), component }] }
}
