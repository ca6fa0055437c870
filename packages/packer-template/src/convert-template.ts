import { basename, relative } from 'node:path'

import { assemble, nameBuilds } from './image/assemble.ts'
import type { ImageModel } from './image/image-model.ts'
import type { TemplateFile, TemplateOptions, TemplateReading } from './load-template.ts'
import { missingComponents, missingOptions, readWithVariables, selectBuilders } from './load-template.ts'
import type { Problem } from './problem.ts'
import { inFileOrder } from './problem.ts'
import type { ParameterKind } from './typescript/code-writer.ts'
import { quote } from './typescript/expression.ts'
import { writeFile } from './typescript/write-file.ts'

/** A template as TypeScript. */
export interface ConvertedTemplate {
  /** The image file. */
  readonly code: string
  /** The packages that it imports. */
  readonly packages: readonly string[]
  /** What is outdated or doubtful in the template, and what could not be written as it stands there. */
  readonly warnings: readonly Problem[]
  /** What has no counterpart yet, and stands in comments. */
  readonly missing: readonly Problem[]
}

/**
 * Writes a template as an image file in TypeScript, which builds the same. Variables become parameters of the same names. What has no
 * counterpart yet stands in comments. Variables need no values.
 * @throws ImagoError `DEFINITION_INVALID` with every problem and its line.
 * @example
 * const { code } = await convertTemplate({ path: 'web.json', text }, { directory: process.cwd() })
 */
export async function convertTemplate(file: TemplateFile, options: TemplateOptions): Promise<ConvertedTemplate> {
  const reading = await readWithVariables(file, { ...options, mayMiss: true })
  const model = await modelOf(reading, file, options)
  const { parameters: _parameters, ...converted } = writeModel(model, reading, file, { directory: options.directory })
  return converted
}

/** A template as TypeScript, and what its parameters are. */
interface WrittenTemplate extends ConvertedTemplate {
  readonly parameters: ReadonlyMap<string, ParameterKind>
}

/** The definition that a template stands for. @throws ImagoError `DEFINITION_INVALID` */
export async function modelOf(
  { assembly, template, reports }: TemplateReading,
  file: TemplateFile,
  options: TemplateOptions,
): Promise<ImageModel> {
  const named = nameBuilds(assembly)
  const { builders, skipped } = selectBuilders(named, template, options)
  reports.throwProblems(file.path)
  const model = await assemble(assembly, builders, skipped)
  reports.throwProblems(file.path)
  return model
}

/** Writes a definition. `folder` is what stands for the template's own folder, when it is not that of the file. */
export function writeModel(
  model: ImageModel,
  { variables, reports, assembly }: TemplateReading,
  file: TemplateFile,
  { directory, folder }: { readonly directory: string; readonly folder?: string },
): WrittenTemplate {
  const below = relative(directory, assembly.folders.template)
  const own = below === '' ? 'import.meta.dirname' : `\`\${import.meta.dirname}/${below}\``
  const templateFolder = folder === undefined ? own : quote(folder)
  const written = writeFile({ from: basename(file.path), model, variables, templateFolder })
  const place = { at: { file: file.path, line: 1, column: 1 }, path: [] }
  return {
    code: written.code,
    packages: written.packages,
    parameters: written.parameters,
    warnings: inFileOrder([...reports.warnings, ...written.warnings.map((message) => ({ ...place, message }))]),
    missing: inFileOrder([...missingComponents(model), ...missingOptions(model)]),
  }
}
