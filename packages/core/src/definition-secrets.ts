import { secretsIn } from './definition-values.ts'
import type { Image } from './image.ts'
import { Redactor } from './redactor.ts'

/** Masks the secrets in all options of some images. */
export function redactorFor(images: readonly Image[]): Redactor {
  const redactor = new Redactor()
  for (const image of new Set(images)) {
    const components = [...Object.values(image.builders), ...image.provisioners, ...image.errorCleanup, ...image.postProcessors.flat()]
    for (const value of components.flatMap((component) => secretsIn(component.options))) redactor.add(value)
    for (const value of secretsIn(image.secrets ?? [])) redactor.add(value)
  }
  return redactor
}
