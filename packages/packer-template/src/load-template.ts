import { basename, dirname, resolve } from 'node:path'

import type { Image } from '@imago/core'
import { didYouMean, ImagoError } from '@imago/core'

import { knownTypes } from './components/catalog.ts'
import type { ComponentKind } from './fix/draft.ts'
import type { Assembly, NamedBuilder } from './image/assemble.ts'
import { assemble, nameBuilds } from './image/assemble.ts'
import type { ImageModel, MappedComponent, MissingComponent, ModelComponent } from './image/image-model.ts'
import { isMapped } from './image/image-model.ts'
import { makeImage } from './image/make-image.ts'
import { stringFunction } from './language/go-function.ts'
import type { GoFunctions } from './language/go-function.ts'
import { pureFunctions } from './language/packer-functions.ts'
import type { Problem } from './problem.ts'
import { formatPlace, formatProblem, inFileOrder } from './problem.ts'
import { Reports } from './reports.ts'
import { packerVersion } from './template/packer-version.ts'
import { readTemplate } from './template/read-template.ts'
import type { Template } from './template/template.ts'
import { TextRenderer } from './text/render-text.ts'
import type { ExternalResolver } from './variables/external-values.ts'
import type { Variables } from './variables/resolve-variables.ts'
import { resolveVariables } from './variables/resolve-variables.ts'
import type { VariableSources } from './variables/variable-sources.ts'
import { givenValues } from './variables/variable-sources.ts'

/** A template's file. */
export interface TemplateFile {
  /** As the user writes it; relative paths are relative to `directory`. */
  readonly path: string
  /** What it holds. */
  readonly text: string
}

/** How to read a template. */
export interface TemplateOptions {
  /** Where values of variables come from. @default none */
  readonly variables?: VariableSources
  /** An environment variable's value, for `{{env}}`. @default none is set */
  readonly env?: (name: string) => string | undefined
  /** The folder that relative paths are relative to: to Packer, the current one. Absolute. */
  readonly directory: string
  /** Builds by name, or patterns with `*`. @default all */
  readonly only?: readonly string[]
  /** Builds to leave out, and post-processors: with one of these, the rest of its chain is left out. @default none */
  readonly except?: readonly string[]
  /** What Packer refuses although its meaning is clear, and options that have no counterpart, are warnings. @default false */
  readonly lenient?: boolean
  /** The time that `{{isotime}}` and `{{timestamp}}` tell. @default now */
  readonly now?: Date
  /** Answers `{{vault}}`, `{{consul_key}}` and `{{aws_secretsmanager}}`: `externalSources`, or anything else. @default they are errors */
  readonly external?: ExternalResolver
}

/** A template that has been read. */
export interface LoadedTemplate {
  readonly image: Image
  /** What is outdated or doubtful, with its place. */
  readonly warnings: readonly Problem[]
  /** The names and patterns of `except` that meant something in this template. */
  readonly exceptUsed: readonly string[]
}

/**
 * Reads a template as an image definition. Builds that are not selected may have no counterpart.
 * @throws ImagoError `DEFINITION_INVALID` with every problem and its line, or with everything that has no counterpart yet.
 * @example
 * const { image } = await loadTemplate({ path: 'web.json', text }, { directory: process.cwd() })
 */
export async function loadTemplate(file: TemplateFile, options: TemplateOptions): Promise<LoadedTemplate> {
  const reading = await readWithVariables(file, options)
  const { assembly, reports } = reading
  const named = nameBuilds(assembly)
  const selection = selectBuilders(named, reading.template, options)
  reports.throwProblems(file.path)
  const model = await assemble(assembly, selection.builders, selection.skipped)
  for (const { message, hint, ...where } of missingOptions(model)) reports.strictProblem(where, message, hint)
  reports.throwProblems(file.path)
  if (!selection.isEmpty) throwMissing(file.path, model, named)
  const image = await makeImage(model, reports)
  reports.throwProblems(file.path)
  return { image, warnings: inFileOrder(reports.warnings), exceptUsed: selection.exceptUsed }
}

/** A template with the values of its variables. */
export interface TemplateReading {
  readonly template: Template
  readonly variables: Variables
  readonly assembly: Assembly
  readonly reports: Reports
}

/** Reads a template and its variables. What is wrong is reported, and not thrown yet. */
export async function readWithVariables(
  file: TemplateFile,
  options: TemplateOptions & { readonly mayMiss?: boolean },
): Promise<TemplateReading> {
  const reports = new Reports({ lenient: options.lenient })
  const template = readTemplate(file.text, file.path, reports)
  const folders = { directory: options.directory, template: dirname(resolve(options.directory, file.path)) }
  const functions = contextFunctions(folders.template, options)
  const variables = await resolveVariables(
    template,
    {
      given: givenValues(options.variables ?? {}, reports),
      env: options.env ?? (() => undefined),
      functions,
      external: options.external,
      mayMiss: options.mayMiss,
    },
    reports,
  )
  const renderer = new TextRenderer(variables, functions, reports)
  return { template, variables, reports, assembly: { template, renderer, folders, reports } }
}

function contextFunctions(folder: string, { directory, now = new Date() }: TemplateOptions): GoFunctions {
  return {
    ...pureFunctions(now),
    pwd: stringFunction(0, () => directory),
    template_dir: stringFunction(0, () => folder),
    packer_version: stringFunction(0, () => packerVersion),
  }
}

export interface BuilderSelection {
  readonly builders: readonly NamedBuilder[]
  /** Nothing is selected, and `builders` has them all: who knows the other files tells what is wrong. */
  readonly isEmpty: boolean
  /** Names of post-processors with which the rest of their chain is left out. */
  readonly skipped: ReadonlySet<string>
  readonly exceptUsed: readonly string[]
}

/** What a selection takes. Names that mean nothing here are not reported: they may be names in another file. */
export function selectBuilders(
  named: readonly NamedBuilder[],
  { postProcessors }: Template,
  { only, except = [] }: TemplateOptions,
): BuilderSelection {
  const builders = named.filter(
    (builder) => only?.some((pattern) => isCalled(builder, pattern)) !== false && !except.some((pattern) => isCalled(builder, pattern)),
  )
  const names = new Set(postProcessors.flat().map(({ name, type }) => name?.value ?? type))
  const skipped = new Set(except.filter((name) => names.has(name)))
  const exceptUsed = except.filter((pattern) => skipped.has(pattern) || named.some((builder) => isCalled(builder, pattern)))
  const isEmpty = builders.length === 0
  return { builders: isEmpty ? named : builders, isEmpty, skipped, exceptUsed: isEmpty ? [] : exceptUsed }
}

function isCalled({ name, config }: NamedBuilder, pattern: string): boolean {
  const expression = new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`)
  return expression.test(name) || expression.test(config.name)
}

/** The components of an image definition. */
function componentsOf(model: ImageModel): readonly ModelComponent[] {
  return [
    ...model.builds.map(({ component }) => component),
    ...[...model.provisioners, ...model.errorCleanup].flatMap(({ variants }) => variants.map(({ component }) => component)),
    ...model.chains.flatMap(({ variants }) => variants.flatMap(({ steps }) => steps)),
  ]
}

/** What has no counterpart yet: components, each once. */
export function missingComponents(model: ImageModel): readonly Problem[] {
  const missing = componentsOf(model).filter((component): component is MissingComponent => !isMapped(component))
  const unique = new Map(missing.map((component) => [formatPlace(component.at), component]))
  return [...unique.values()].map(({ at, path, kind, type }) => {
    const close = didYouMean(type, knownTypes(kind))
    return { at, path, message: `there is no ${kind} '${type}' yet`, ...(close !== undefined && { hint: `did you mean '${close}'?` }) }
  })
}

/** Options that have no counterpart, of components that have one; each once. */
export function missingOptions(model: ImageModel): readonly Problem[] {
  const mapped = componentsOf(model).filter((component): component is MappedComponent => isMapped(component))
  const all = mapped.flatMap(({ missing, type, path }) =>
    missing.map(({ name, at, instead }): Problem => {
      return { at, path: [...path, name], message: `there is no counterpart of '${name}' of '${type}' yet`, hint: instead }
    }),
  )
  return [...new Map(all.map((option) => [`${formatPlace(option.at)} ${option.message}`, option])).values()]
}

function throwMissing(file: string, model: ImageModel, all: readonly NamedBuilder[]): void {
  const problems = missingComponents(model)
  if (problems.length === 0) return
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`)
  throw new ImagoError('DEFINITION_INVALID', `${basename(file)} needs what there is not yet:\n${lines.join('\n')}`, {
    hint: `${withoutMissing(model, all, problems.length)}imago convert writes what there is`,
    issues: problems.map(({ at, path, message }) => ({ path, message: `${message} (${formatPlace(at)})` })),
  })
}

/** Says how to build what can be built. Provisioners cannot be left out. */
function withoutMissing(model: ImageModel, all: readonly NamedBuilder[], count: number): string {
  const missing = componentsOf(model).filter((component): component is MissingComponent => !isMapped(component))
  const usable = all.filter(({ name }) => model.builds.some((build) => build.name === name && isMapped(build.component)))
  const named = (kind: ComponentKind): readonly string[] => [
    ...new Set(missing.filter((component) => component.kind === kind).map(({ name }) => name)),
  ]
  if (usable.length === 0 || named('provisioner').length > 0) return ''
  const only = named('builder').length === 0 ? [] : [`--only ${usable.map(({ name }) => name).join(',')}`]
  const except = named('post-processor').length === 0 ? [] : [`--except ${named('post-processor').join(',')}`]
  return `${[...only, ...except].join(' ')} leaves ${count === 1 ? 'it' : 'them'} out; `
}
