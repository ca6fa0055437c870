import type { Step } from './component.ts'
import { nameHint } from './did-you-mean.ts'
import type { Image } from './image.ts'
import type { Issue } from './issue.ts'

/** What is wrong with `only` and `except`, also where their types were not looked at. */
export function checkScope(image: Image, scope: Pick<Step, 'only' | 'except'>): Issue[] {
  const known = Object.keys(image.builders)
  const unknown = (option: 'only' | 'except'): Issue[] => {
    const names: unknown = scope[option]
    if (!Array.isArray(names)) return []
    return names.flatMap((build: unknown, index) =>
      typeof build === 'string' && !known.includes(build)
        ? [{ path: [option, index], message: `this image has no builder '${build}'`, hint: nameHint(build, known) }]
        : [],
    )
  }
  const both: Issue[] =
    scope.only !== undefined && scope.except !== undefined ? [{ path: ['except'], message: 'only and except exclude each other' }] : []
  return [...unknown('only'), ...unknown('except'), ...both]
}
