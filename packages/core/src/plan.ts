import type { Placed } from './applicable-steps.ts'
import { applicableSteps } from './applicable-steps.ts'
import type { ArtifactShape } from './artifact.ts'
import { checkShape } from './check-shape.ts'
import type { PostProcessorOptions, Step } from './component.ts'
import { redactorFor } from './definition-secrets.ts'
import { plainValue, referencesIn } from './definition-values.ts'
import type { Duration } from './duration.ts'
import { definitionError } from './error.ts'
import type { StepRef } from './event.ts'
import type { Image, Retention } from './image.ts'
import { isImage } from './image.ts'
import type { Json } from './json.ts'
import { retentionOf } from './retention/retention-of.ts'
import type { Selection } from './run-options.ts'
import type { BuildId } from './selection.ts'
import { qualifiedName, selectBuilds } from './selection.ts'

/** A step that a build will run. */
export interface PlannedStep extends StepRef {
  /** As in the definition; secrets, functions and references are shown as such. */
  readonly options: Json
  readonly pauseBefore?: Duration
  readonly timeout?: Duration
  readonly retry?: Json
  readonly continueOnError?: boolean
  /** Of a provisioner. */
  readonly expectDisconnect?: boolean
  /** Of a post-processor. */
  readonly keepInputArtifact?: boolean
}

/** A build that will run. */
export interface PlannedBuild {
  readonly build: string
  readonly builderType: string
  readonly makes: ArtifactShape
  readonly options: Json
  /** Builds of other images that this one starts from, as `image.build`. */
  readonly after: readonly string[]
  readonly provisioners: readonly PlannedStep[]
  readonly errorCleanup: readonly PlannedStep[]
  readonly postProcessors: readonly (readonly PlannedStep[])[]
  /** How many of its artifacts stay; the older ones go when it has succeeded. @default all stay */
  readonly retain?: Retention
}

/** What would be done for an image. Plain JSON, the same every time. */
export interface Plan {
  readonly image: string
  readonly description?: string
  readonly builds: readonly PlannedBuild[]
}

/**
 * What a run would do, step by step. Pure: nothing is read or started, and of the definition no more is checked than that it is one.
 * @throws ImagoError `DEFINITION_INVALID` when it is none, or the selection names no build of it.
 */
export function plan(image: Image, selection: Selection = {}): Plan {
  const misshapen = checkShape(image)
  if (misshapen.length > 0) throw definitionError(isImage(image) ? image.name : '', misshapen)
  const { builds, issues } = selectBuilds([image], selection)
  if (issues.length > 0) throw definitionError(image.name, issues)
  const planned: Plan = {
    image: image.name,
    ...(image.description !== undefined && { description: image.description }),
    builds: builds.flatMap(planBuild),
  }
  return image.secrets === undefined ? planned : redactorFor([image]).value(planned)
}

function planBuild({ image, build }: BuildId): PlannedBuild[] {
  const builder = image.builders[build]
  if (builder === undefined) return []
  const { provisioners, errorCleanup, chains } = applicableSteps(image, build)
  const retention = retentionOf({ image, build })
  return [
    {
      build,
      builderType: builder.type,
      makes: builder.makes,
      options: plainValue(builder.options),
      after: [...new Set(referencesIn(builder.options).map(qualifiedName))],
      provisioners: provisioners.map(planStep),
      errorCleanup: errorCleanup.map(planStep),
      postProcessors: chains.map((chain) => chain.map(planStep)),
      ...(retention && { retain: { last: retention.last } }),
    },
  ]
}

function planStep({ ref, step }: Placed<Step & PostProcessorOptions>): PlannedStep {
  return {
    ...ref,
    options: plainValue(step.options),
    ...(step.pauseBefore !== undefined && { pauseBefore: step.pauseBefore }),
    ...(step.timeout !== undefined && { timeout: step.timeout }),
    ...(step.retry !== undefined && { retry: plainValue(step.retry) }),
    ...(step.continueOnError !== undefined && { continueOnError: step.continueOnError }),
    ...(step.expectDisconnect !== undefined && { expectDisconnect: step.expectDisconnect }),
    ...(step.keepInputArtifact !== undefined && { keepInputArtifact: step.keepInputArtifact }),
  }
}
