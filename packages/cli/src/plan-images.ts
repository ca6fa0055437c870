import type { Image, Plan, Selection } from '@imago/core'
import { ImagoError, isImagoError, nameHint } from '@imago/core'

import type { CoreFunctions } from './core-functions.ts'

type PlanFunction = CoreFunctions['plan']

/**
 * The plans of several images. A selection may name builds of any of them; an image that it leaves out has no plan.
 * @throws ImagoError `DEFINITION_INVALID` when a name is no build of any image, or nothing is left
 */
export function planImages(images: readonly Image[], selection: Selection, plan: PlanFunction): Plan[] {
  const [first] = images
  if (first !== undefined && images.length === 1) return [plan(first, selection)]
  for (const name of [...(selection.only ?? []), ...(selection.except ?? [])]) {
    if (!images.some((image) => knows(image, name, plan))) throw unknownBuild(name, images)
  }
  const plans = images.flatMap((image) => planSelected(image, selection, plan))
  if (plans.length === 0) throw new ImagoError('DEFINITION_INVALID', 'the selection leaves nothing to build')
  return plans
}

function planSelected(image: Image, { only, except }: Selection, plan: PlanFunction): Plan[] {
  const known = (names: readonly string[]): readonly string[] => names.filter((name) => knows(image, name, plan))
  const ours = { ...(only !== undefined && { only: known(only) }), ...(except !== undefined && { except: known(except) }) }
  if (ours.only?.length === 0) return []
  return planned(image, ours, plan) ?? []
}

function knows(image: Image, name: string, plan: PlanFunction): boolean {
  return planned(image, { only: [name] }, plan) !== undefined
}

function planned(image: Image, selection: Selection, plan: PlanFunction): Plan[] | undefined {
  try {
    return [plan(image, selection)]
  } catch (error) {
    if (isImagoError(error, 'DEFINITION_INVALID')) return undefined
    throw error
  }
}

function unknownBuild(name: string, images: readonly Image[]): ImagoError {
  const names = new Set(images.flatMap(({ builders }) => Object.keys(builders)))
  return new ImagoError('DEFINITION_INVALID', `no build of these images is called '${name}'`, { hint: nameHint(name, [...names]) })
}
