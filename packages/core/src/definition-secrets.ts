import { secretsIn } from './definition-values.ts'
import type { Image } from './image.ts'
import { Redactor } from './redactor.ts'

/** Masks the secrets in all options of some images. */
export function redactorFor(images: readonly Image[]): Redactor {
  const redactor = new Redactor()
  for (const value of [...new Set(images)].flatMap(definitionSecrets)) redactor.add(value)
  return redactor
}

/** The secrets in all options of an image. */
export function definitionSecrets(image: Image): readonly string[] {
  const components = [...Object.values(image.builders), ...image.provisioners, ...image.errorCleanup, ...image.postProcessors.flat()]
  return [...components.map((component) => component.options), image.secrets ?? []].flatMap(secretsIn)
}
