import type { Image, ParameterizedImage } from '@imago/core'
import { isImage, resolveParameters } from '@imago/core'

import { modelOf, writeModel } from '../convert-template.ts'
import { makeImage } from '../image/make-image.ts'
import type { TemplateFile, TemplateOptions } from '../load-template.ts'
import { readWithVariables } from '../load-template.ts'
import type { ParameterKind } from '../typescript/code-writer.ts'
import { comparable } from './comparable.ts'
import { differences } from './differences.ts'

/** Loads an image file: its default export. `packages` are those that it imports. */
export type LoadCode = (code: string, packages: readonly string[]) => Promise<Image | ParameterizedImage>

/** Whether a template and what it was converted to mean the same. */
export interface ConversionCheck {
  /** Where they differ: the template first. Empty when they are the same. */
  readonly differences: readonly string[]
  /** How much was compared. */
  readonly builds: number
  readonly steps: number
}

/**
 * Converts a template, loads what comes out, and compares the definitions that both stand for, with the same values for variables. What
 * has no counterpart is in neither.
 * @throws ImagoError `DEFINITION_INVALID` when the template has problems, and what `load` throws
 */
export async function checkConversion(file: TemplateFile, options: TemplateOptions, load: LoadCode): Promise<ConversionCheck> {
  const began = new Date()
  const first = await readWithVariables(file, { ...options, now: began, mayMiss: true })
  const model = await modelOf(first, file, options)
  const folder = first.assembly.folders.template
  const { code, packages, parameters } = writeModel(model, first, file, { directory: options.directory, folder })
  const loaded = await load(code, packages)
  const values = [...parameters].flatMap(([name, kind]) => {
    const variable = first.variables.get(name)
    if (variable?.origin === 'missing') return [[name, placeholder(name, kind)] as const]
    return variable?.origin === 'given' ? [[name, variable.value] as const] : []
  })
  const image = isImage(loaded) ? loaded : await resolveParameters(loaded, { vars: Object.fromEntries(values) })
  const converted = comparable(image)
  // The file has the time of its loading, which is one of these seconds.
  for (let time = began.getTime(); ; time += 1000) {
    const reading = await readWithVariables(file, { ...options, now: new Date(time), mayMiss: true })
    const template = comparable(await makeImage(await modelOf(reading, file, options), reading.reports))
    const found = differences(template, converted)
    if (found.length === 0 || time > Date.now()) return { differences: found, ...sizeOf(image) }
  }
}

/** What stands for a variable that has no value, as it does where its value is read. */
function placeholder(name: string, kind: ParameterKind): string {
  return { text: name, flag: 'false', number: '1', duration: '1s' }[kind]
}

function sizeOf(image: Image): Pick<ConversionCheck, 'builds' | 'steps'> {
  const steps = image.provisioners.length + image.errorCleanup.length + image.postProcessors.flat().length
  return { builds: Object.keys(image.builders).length, steps }
}
