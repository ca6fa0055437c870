import type { Image, Plan, PlannedStep, Provisioner } from '@imago/core'
import { nameHint } from '@imago/core'

import { usageError } from '../arguments.ts'

/** A build to be visited. */
export interface VisitedBuild {
  readonly image: Image
  readonly build: string
}

/**
 * The build that a name means, among those of some images.
 * @throws ImagoError `USAGE` when it means none, or more than one
 */
export function findBuild(images: readonly Image[], name: string | undefined): VisitedBuild {
  const builds = images.flatMap((image) => Object.keys(image.builders).map((build) => ({ image, build })))
  const found = builds.filter(({ image, build }) => name === undefined || name === build || name === `${image.name}.${build}`)
  const [first, ...others] = found
  const names = builds.map(({ image, build }) => (images.length > 1 ? `${image.name}.${build}` : build))
  if (first === undefined) throw usageError(`there is no build '${name ?? ''}'`, nameHint(name ?? '', names))
  if (others.length > 0) throw usageError('which build is meant?', `name one of ${names.join(', ')}`)
  return first
}

/**
 * An image that makes nothing: its provisioners up to a step, and then `visit`, also after the step of them that fails.
 * @param after the step's place, name or title
 * @throws ImagoError `USAGE` when there is no such step
 */
export function visitedImage(
  { image, build }: VisitedBuild,
  {
    plan,
    after,
    visit,
    visitFailure,
  }: { readonly plan: Plan; readonly after: string | undefined; readonly visit: Provisioner; readonly visitFailure: Provisioner },
): Image {
  const steps = plan.builds.find((one) => one.build === build)?.provisioners ?? []
  const last = after === undefined ? steps.at(-1) : findStep(steps, after)
  const count = last === undefined ? 0 : indexOf(last) + 1
  const { retain: _, ...kept } = image
  return { ...kept, provisioners: [...image.provisioners.slice(0, count), visit], errorCleanup: [visitFailure], postProcessors: [] }
}

function findStep(steps: readonly PlannedStep[], name: string): PlannedStep {
  const found = steps.find(({ id, title, type }) => [id, title, `${type}: ${title}`].includes(name))
  if (found !== undefined) return found
  throw usageError(`there is no step '${name}'`, nameHint(name, steps.flatMap(({ id, title }) => [id, title]))) // prettier-ignore
}

/** Which of the image's provisioners a step is: `provisioners[2]` is 2. */
function indexOf({ id }: PlannedStep): number {
  return Number(/\d+/.exec(id)?.[0])
}
