import type { ArtifactShape } from './artifact.ts'
import type { Duration } from './duration.ts'
import { ImagoError } from './error.ts'
import type { StepRef } from './event.ts'
import type { Image } from './image.ts'
import type { Json } from './json.ts'
import type { Selection } from './run-options.ts'

/** A step that a build will run. */
export interface PlannedStep extends StepRef {
  /** As in the definition; secrets, functions and references are shown as such. */
  readonly options: Json
  readonly pauseBefore?: Duration
  readonly timeout?: Duration
  readonly retry?: Json
  readonly continueOnError?: boolean
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
}

/** What would be done for an image. Plain JSON, the same every time. */
export interface Plan {
  readonly image: string
  readonly description?: string
  readonly builds: readonly PlannedBuild[]
}

/**
 * What a run would do, step by step. Pure: nothing is read, started or checked.
 * @throws ImagoError `DEFINITION_INVALID` when the selection names no build of the image.
 */
export function plan(_image: Image, _selection: Selection = {}): Plan {
  throw new ImagoError('INTERNAL', 'not written yet')
}
