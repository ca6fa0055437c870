import type { PostProcessor, Provisioner, Step } from './component.ts'
import type { Artifact } from './artifact.ts'
import type { StepRef } from './event.ts'
import type { Image } from './image.ts'

/** A post-processor of any types, as the runner handles it: the wiring has been checked. */
export type AnyStepPostProcessor = PostProcessor<Artifact, Artifact, string, string>

/** A step of an image and how events name it. */
export interface Placed<S extends Step> {
  readonly ref: StepRef
  readonly step: S
}

/** The steps of an image that apply to one of its builds. */
export interface ApplicableSteps {
  readonly provisioners: readonly Placed<Provisioner<string>>[]
  readonly errorCleanup: readonly Placed<Provisioner<string>>[]
  readonly chains: readonly (readonly Placed<AnyStepPostProcessor>[])[]
}

/** Whether `only` and `except` let a step apply to a build. */
export function appliesTo(step: Pick<Step, 'only' | 'except'>, build: string): boolean {
  const { only, except } = step // of any type, in a definition that comes from data: validation reports it
  return !(Array.isArray(only) && !only.includes(build)) && !(Array.isArray(except) && except.includes(build))
}

/** The steps of an image that apply to a build, in order, named by their places in the definition. */
export function applicableSteps(image: Image, build: string): ApplicableSteps {
  const place =
    <S extends Step>(list: string, kind: StepRef['kind']) =>
    (step: S, index: number): Placed<S>[] =>
      appliesTo(step, build)
        ? [{ step, ref: { id: `${list}[${index}]`, kind, type: step.type, title: step.name ?? step.title ?? step.type } }]
        : []
  return {
    provisioners: image.provisioners.flatMap(place('provisioners', 'provisioner')),
    errorCleanup: image.errorCleanup.flatMap(place('errorCleanup', 'error-cleanup')),
    chains: image.postProcessors.flatMap((chain, index) => {
      const [head] = chain
      if (head === undefined || !appliesTo(head, build)) return []
      // the compiler and validation have checked that each step of the chain takes what it gets
      return [(chain as readonly AnyStepPostProcessor[]).flatMap(place(`postProcessors[${index}]`, 'post-processor'))]
    }),
  }
}
