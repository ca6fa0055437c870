import type { LoadedTemplate, TemplateOptions } from '../src/index.ts'
import { loadTemplate } from '../src/index.ts'

/** Loads a template that is given as an object. Paths are below `/work`, which need not exist. */
export function load(template: object, options: Partial<TemplateOptions> = {}): Promise<LoadedTemplate> {
  return loadTemplate({ path: 'template.json', text: JSON.stringify(template, undefined, 2) }, { directory: '/work', ...options })
}

/** The options of the one builder of a template. */
export async function builderOptions(builder: object, template: object = {}, options: Partial<TemplateOptions> = {}): Promise<unknown> {
  const { image } = await load({ ...template, builders: [builder] }, options)
  return Object.values(image.builders)[0]?.options
}
