import type { ChainModel, ImageModel, MappedComponent, MissingComponent, ModelComponent, StepModel } from '../image/image-model.ts'
import { isMapped } from '../image/image-model.ts'
import { mappedBuilds, scopeOf } from '../image/make-image.ts'
import type { FileWriter } from './file-writer.ts'
import { jsonLines } from './json-lines.ts'
import type { CallLayout, CommentLine, Layout, ListItem, ObjectEntry } from './layout.ts'
import { entriesOf, modelLayout } from './model-layout.ts'
import { printLayout } from './print-layout.ts'
import { quote, textExpression } from './expression.ts'

/** The definition of an image: `defineImage({ … })`. What has no counterpart yet stands in comments. */
export function imageLayout(model: ImageModel, writer: FileWriter): CallLayout {
  const builds: BuildNames = { all: model.builds.map(({ name }) => name), there: mappedBuilds(model).map(({ name }) => name) }
  const entries: ObjectEntry[] = [
    { kind: 'member', name: 'name', value: textExpression(model.name) },
    ...(model.description === undefined ? [] : entriesOf({ description: model.description }, writer)),
    { kind: 'member', name: 'builders', value: { kind: 'object', entries: model.builds.map((build) => buildEntry(build, writer)) } },
    ...listEntry(
      'provisioners',
      model.provisioners.flatMap((step) => stepItems(step, builds, writer)),
    ),
    ...listEntry(
      'errorCleanup',
      model.errorCleanup.flatMap((step) => stepItems(step, builds, writer)),
    ),
    ...listEntry(
      'postProcessors',
      model.chains.flatMap((chain) => chainItems(chain, builds, writer)),
    ),
    ...listEntry(
      'secrets',
      model.secrets.map((secret) => modelLayout(secret, writer)),
    ),
  ]
  return { kind: 'call', callee: writer.imported('@imago/core', 'defineImage'), args: [{ kind: 'object', entries }] }
}

function listEntry(name: string, items: readonly ListItem[]): ObjectEntry[] {
  return items.length === 0 ? [] : [{ kind: 'member', name, value: { kind: 'list', items } }]
}

function buildEntry({ name, component }: ImageModel['builds'][number], writer: FileWriter): ObjectEntry {
  if (!isMapped(component)) return missingComment(component, `${name}: `)
  return { kind: 'member', name, value: componentLayout(component, [], writer) }
}

function stepItems({ variants }: StepModel, builds: BuildNames, writer: FileWriter): readonly ListItem[] {
  return variants.flatMap(({ builds: own, component }): readonly ListItem[] => {
    const only = own.length === builds.all.length ? '' : `only for ${own.join(', ')}: `
    const scope = scopeOf(own, builds.there)
    if (!isMapped(component)) return [missingComment(component, only)]
    // Builds that are not there cannot be named.
    if (scope === undefined) return [commentedOut(component, only, writer)]
    return [...onlyComment(only, builds), componentLayout(component, scope, writer)]
  })
}

function chainItems({ variants }: ChainModel, builds: BuildNames, writer: FileWriter): readonly ListItem[] {
  return variants.flatMap(({ builds: own, steps }): readonly ListItem[] => {
    const scope = scopeOf(own, builds.there)
    const only = own.length === builds.all.length ? '' : `only for ${own.join(', ')}: `
    const end = steps.findIndex((step) => !isMapped(step))
    const before = (end === -1 ? steps : steps.slice(0, end)).filter(isMapped)
    const after = end === -1 ? [] : steps.slice(end).map((step) => stepComment(step, only))
    if (scope === undefined) return [...before.map((step) => commentedOut(step, only, writer)), ...after]
    const layouts = before.map((step, index) => componentLayout(step, index === 0 ? scope : [], writer))
    const [first, ...others] = layouts
    if (first === undefined) return after
    return [...onlyComment(only, builds), others.length === 0 ? first : { kind: 'list', items: layouts }, ...after]
  })
}

/** The builds of a template, and those that there are builders for. */
interface BuildNames {
  readonly all: readonly string[]
  readonly there: readonly string[]
}

/** For which builds a step is, when none of them can be named. */
function onlyComment(only: string, { there }: BuildNames): readonly CommentLine[] {
  return only === '' || there.length > 0 ? [] : [{ kind: 'comment', lines: [only.replace(/: $/, '')] }]
}

function stepComment(step: ModelComponent, only: string): CommentLine {
  if (!isMapped(step)) return missingComment(step, only)
  return { kind: 'comment', lines: [`then, ${only}'${step.type}'`] }
}

function componentLayout(component: MappedComponent, only: readonly string[], writer: FileWriter): CallLayout {
  const { factory } = component.table
  const entries: readonly ObjectEntry[] = [
    ...entriesOf(component.options, writer),
    ...entriesOf(component.common, writer),
    ...(only.length === 0 ? [] : entriesOf({ only }, writer)),
    ...component.missing.map(({ name, value, instead }): ObjectEntry => {
      const [first = '', ...rest] = jsonLines(value)
      const why = `there is no counterpart of '${name}' yet${instead === undefined ? '' : ` (${instead})`}; it was:`
      return { kind: 'comment', lines: [`${why} ${first}`, ...rest] }
    }),
  ]
  const args: readonly Layout[] = entries.length === 0 ? [] : [{ kind: 'object', entries }]
  return { kind: 'call', callee: writer.imported(factory.package, factory.name), args }
}

function missingComment({ kind, type, json }: MissingComponent, before: string): CommentLine {
  const [first = '', ...rest] = jsonLines(json)
  return { kind: 'comment', lines: [`${before}there is no ${kind} ${quote(type)} yet; it was: ${first}`, ...rest] }
}

/** A step for builds that are not there: as it will be when they are. */
function commentedOut(component: MappedComponent, before: string, writer: FileWriter): CommentLine {
  const text = printLayout(componentLayout(component, [], writer.aside()))
  return { kind: 'comment', lines: [before.trimEnd(), ...text.split('\n')] }
}
