import { access, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import type { Image, Json, JsonObject, LocalInput } from '@imago/core'
import { isImagoError, validate } from '@imago/core'

import type { ComponentKind } from '../src/fix/draft.ts'
import { fixComponent } from '../src/fix/fix-component.ts'
import { inspectTemplate, loadTemplate } from '../src/index.ts'
import type { TemplateOptions } from '../src/index.ts'
import { jsonNodeAt, plainJson } from '../src/json/json-node.ts'
import { parseJson } from '../src/json/parse-json.ts'
import { Reports } from '../src/reports.ts'
import { folderWith, packer, verdictOf } from './packer.ts'
import type { Sample } from './samples.ts'

/** A sample as Packer 1.6.6 can read it, in a folder with the files that it names. */
export interface JudgedSample {
  readonly name: string
  /** All that it may name is below this folder. */
  readonly root: string
  /** Paths are relative to this one. */
  readonly folder: string
  readonly template: JsonObject
  /** The builds that there are builders for. */
  readonly only: readonly string[]
  readonly options: TemplateOptions
  readonly hasValues: boolean
}

/** Post-processors that there are not yet, of which no build depends. */
const except = ['atlas', 'vagrant-cloud']

/** Prepares a sample; `undefined` when there is no builder for any of its builds. */
export async function judgedSample({ name, file, options }: Sample): Promise<JudgedSample | undefined> {
  const { builds } = await inspectTemplate(file, options)
  const only = builds.filter((build) => build.supported).map((build) => build.name)
  if (only.length === 0) return undefined
  // Samples name files around their folder.
  const root = await folderWith({})
  const folder = join(root, 'a/b/c')
  await mkdir(folder, { recursive: true })
  const parsed = parseJson(file.text, file.path)
  const template = withoutOutdated(plainJson(parsed.root) as JsonObject) // a template is an object
  const [values] = options.variables?.files ?? []
  if (values !== undefined) await writeFile(join(folder, 'values.json'), values.text)
  const sample: JudgedSample = {
    name,
    root,
    folder,
    template,
    only,
    options: { ...options, directory: folder },
    hasValues: values !== undefined,
  }
  await makeFiles(sample)
  return sample
}

/** Why we refuse a template that a sample was made into; `undefined` when we accept it. */
export async function ourVerdict({ folder, only, options }: JudgedSample, template: Json): Promise<string | undefined> {
  try {
    const file = { path: 'template.json', text: JSON.stringify(template) }
    const { image } = await loadTemplate(file, { ...options, only, except, env: (name) => process.env[name] })
    const [issue] = await validate(image, { directory: folder })
    return issue && `${issue.path.join('.')}: ${issue.message}`
  } catch (error) {
    if (isImagoError(error, 'DEFINITION_INVALID')) return error.message
    throw error
  }
}

/** What Packer says of it. */
export async function theirVerdict(
  { folder, only, hasValues }: JudgedSample,
  template: Json,
  file = 'template.json',
): Promise<{ readonly verdict: ReturnType<typeof verdictOf>; readonly said: string }> {
  await writeFile(join(folder, file), JSON.stringify(template))
  const values = hasValues ? ['-var-file=values.json'] : []
  const run = await packer(['validate', ...values, `-only=${only.join(',')}`, `-except=${except.join(',')}`, file], folder)
  return { verdict: verdictOf(run), said: run.stdout + run.stderr }
}

/** Packer 1.6.6 refuses outdated spellings, which are warnings here. That they become what `packer fix` makes of them is a test of its own. */
function withoutOutdated(template: JsonObject): JsonObject {
  const fixAll = (kind: ComponentKind, value: Json | undefined): Json[] =>
    (Array.isArray(value) ? value : []).map((item: Json) => (Array.isArray(item) ? fixAll(kind, item) : fixed(kind, item)))
  return {
    ...template,
    builders: fixAll('builder', template['builders']),
    provisioners: fixAll('provisioner', template['provisioners']),
    'post-processors': fixAll('post-processor', template['post-processors']),
  }
}

function fixed(kind: ComponentKind, component: Json): Json {
  const at = { file: 'template.json', line: 1, column: 1 }
  const node = jsonNodeAt(at, component)
  if (node.kind !== 'object') return component
  const result = plainJson(fixComponent(kind, node, { at, path: [] }, new Reports())) as JsonObject // an object stays one
  const { type } = component as JsonObject // see above
  // Others mean the builder by the name that it had.
  const keepsName = kind === 'builder' && typeof type === 'string' && type !== result['type'] && result['name'] === undefined
  return keepsName ? { ...result, name: type } : result
}

/** Empty files and folders where the template names some: those that we know of, then those that Packer still misses. */
async function makeFiles(sample: JudgedSample): Promise<void> {
  const whole = await imageOf(sample, sample.template)
  const plain = sample.only.map((name) => ({ type: 'null', name, communicator: 'none' }))
  const image = whole ?? (await imageOf(sample, { ...sample.template, builders: plain }))
  for (const { path, kind } of image === undefined ? [] : inputsOf(image)) await make(sample, path, kind)
  if (whole !== undefined) return
  for (let round = 0; round < 4; round++) {
    const { said } = await theirVerdict(sample, sample.template)
    const missing = [...said.matchAll(/stat\s+(\S+):\s+no\s+such\s+file|'(\S+)'\s+does\s+not\s+exist/g)]
    if (missing.length === 0) return
    for (const [, path, other] of missing) await make(sample, path ?? other ?? '', undefined)
  }
}

async function imageOf({ options, only }: JudgedSample, template: Json): Promise<Image | undefined> {
  const file = { path: 'template.json', text: JSON.stringify(template) }
  return await loadTemplate(file, { ...options, only, except, lenient: true }).then(
    ({ image }) => image,
    () => undefined,
  )
}

function inputsOf({ builders, provisioners, errorCleanup, postProcessors }: Image): readonly LocalInput[] {
  const components = [...Object.values(builders), ...provisioners, ...errorCleanup, ...postProcessors.flat()]
  return components.flatMap((component) => component.inputs?.() ?? [])
}

async function make({ root, folder }: JudgedSample, path: string, kind: LocalInput['kind']): Promise<void> {
  const absolute = resolve(folder, path)
  if (path.includes('://') || !absolute.startsWith(root)) return
  const isThere = await access(absolute).then(
    () => true,
    () => false,
  )
  if (isThere) return
  if (kind === 'directory' || path.endsWith('/')) await mkdir(absolute, { recursive: true })
  else {
    await mkdir(dirname(absolute), { recursive: true })
    await writeFile(absolute, '', { mode: 0o755 })
  }
}
