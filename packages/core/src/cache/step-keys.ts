import { createHmac } from 'node:crypto'
import { basename, resolve } from 'node:path'

import type { AnyStepPostProcessor, Placed } from '../applicable-steps.ts'
import { localFiles } from '../component-checks.ts'
import type { LocalInput, Provisioner, Step } from '../component.ts'
import { milliseconds } from '../duration.ts'
import { messageOf } from '../error.ts'
import type { StepRef } from '../event.ts'
import type { Json, JsonObject } from '../json.ts'
import { reveal } from '../secret.ts'
import { inputDigest } from './input-digest.ts'
import type { MaterialContext } from './step-material.ts'
import { materialOf, Uncacheable } from './step-material.ts'

/** Rises when keys come to be made in another way. */
const scheme = 1

/** What keys are made with. */
export interface KeyContext extends Pick<MaterialContext, 'facts' | 'artifact'> {
  /** Of this cache alone, so that nobody can tell from a key whether a secret was guessed right. */
  readonly salt: Buffer
  /** Relative local paths are relative to this folder. */
  readonly directory: string
  readonly signal: AbortSignal
}

/** A step with its key, or with the reason why it has none. */
export interface KeyedStep {
  readonly ref: StepRef
  /** Stands for the machine as it is after the step. */
  readonly key?: string
  /** Why it always runs: `'it depends on the fact host of the running build'`. */
  readonly always?: string
  /** What the key was made from, to tell people what has changed. A secret is in it as a salted digest. */
  readonly material?: JsonObject
  /** The local files that its material has the digests of. */
  readonly inputs?: readonly LocalInput[]
  /** A snapshot of a step that ran longer ago is not used. Milliseconds. */
  readonly maxAgeMs?: number
}

/** The key of a build's start, or why it has none. */
export function startKey(base: object, context: KeyContext): Pick<KeyedStep, 'key' | 'always'> {
  const { facts, salt } = context
  try {
    const start = materialOf(base, materialContext(context))
    return { key: hmac(salt, ['start', scheme, facts.image, facts.buildName, facts.builderType, start]) }
  } catch (error) {
    if (error instanceof Uncacheable) return { always: `of what it starts from: ${error.message}` }
    throw error
  }
}

/** The keys of a build's provisioners: each stands for everything up to and including its step. */
export async function stepKeys(
  base: object,
  steps: readonly Placed<Provisioner<string>>[],
  context: KeyContext,
): Promise<readonly KeyedStep[]> {
  const materials = await Promise.all(steps.map(async ({ step }) => await tryMaterial(step, step.cacheable, context)))
  const keyed: KeyedStep[] = []
  const start = startKey(base, context)
  let before = start.key
  let why = start.always ?? 'it follows a step that always runs'
  for (const [index, { ref, step }] of steps.entries()) {
    const found = materials[index] ?? { always: 'it has not been looked at' }
    const maxAge = typeof step.cache === 'object' && step.cache.maxAge !== undefined && { maxAgeMs: milliseconds(step.cache.maxAge) }
    if ('always' in found) {
      keyed.push({ ref, always: found.always })
      before = undefined
      why = 'it follows a step that always runs'
    } else if (before === undefined) {
      keyed.push({ ref, always: why, material: found.material })
    } else {
      before = hmac(context.salt, [before, found.material])
      keyed.push({ ref, key: before, material: found.material, inputs: localFiles(step).inputs, ...maxAge })
    }
  }
  return keyed
}

/** Whether the local files of a step are still those that its key was made from. */
export async function hasSameInputs({ material, inputs = [] }: KeyedStep, context: KeyContext): Promise<boolean> {
  if (inputs.length === 0) return true
  const now = await Promise.all(inputs.map(async (input) => await inputEntry(input, context).catch(() => null)))
  return JSON.stringify(now) === JSON.stringify(material?.['inputs'])
}

/** The key of a whole build: its last step's, its builder's options, and its post-processors. `undefined` when something always runs. */
export async function buildKey(
  last: string,
  options: object,
  chains: readonly (readonly Placed<AnyStepPostProcessor>[])[],
  context: KeyContext,
): Promise<string | undefined> {
  const steps = chains.flat()
  const found = await Promise.all(steps.map(async ({ step }) => await tryMaterial(step, step.cacheable ?? { revision: 1 }, context)))
  const materials = found.flatMap((one, index) => ('always' in one ? [] : [[steps[index]?.ref.id ?? '', one.material]]))
  if (materials.length < steps.length) return undefined
  try {
    return hmac(context.salt, ['build', last, materialOf(options, materialContext(context)), materials])
  } catch (error) {
    if (error instanceof Uncacheable) return undefined
    throw error
  }
}

type Found = { readonly material: JsonObject } | { readonly always: string }

async function tryMaterial(step: Step, cacheable: Step['cacheable'], context: KeyContext): Promise<Found> {
  const { cache } = step
  if (cache === false) return { always: 'cache: false' }
  if (cache === undefined && cacheable === undefined) return { always: `'${step.type}' may do anything; cache: true says that it does not` }
  if (cache === undefined && cacheable?.never !== undefined) return { always: cacheable.never }
  try {
    return { material: await stepMaterial(step, cacheable?.revision ?? 0, context) }
  } catch (error) {
    if (error instanceof Uncacheable) return { always: error.message }
    throw error
  }
}

async function stepMaterial(step: Step, revision: number, context: KeyContext): Promise<JsonObject> {
  const also = typeof step.cache === 'object' ? await step.cache.also?.() : undefined
  const { inputs } = localFiles(step)
  return {
    type: step.type,
    revision,
    options: withoutPaths(materialOf(step.options, materialContext(context)), inputs),
    inputs: await Promise.all(inputs.map(async (input) => await inputEntry(input, context))),
    ...(also !== undefined && { also: materialOf(also, materialContext(context)) }),
    ...('keepInputArtifact' in step && { keepInputArtifact: materialOf(step.keepInputArtifact, materialContext(context)) }),
  }
}

/** How values become material in a build. */
export function materialContext({ facts, artifact, salt }: KeyContext): MaterialContext {
  return { facts, artifact, secret: (value) => hmac(salt, ['secret', reveal(value)]) }
}

async function inputEntry({ at, path, linksOut = 'links' }: LocalInput, { directory, signal }: KeyContext): Promise<JsonObject> {
  try {
    return { at, name: nameIn(path), digest: await inputDigest(resolve(directory, path), { signal, linksOut }) }
  } catch (error) {
    if (signal.aborted) throw error
    throw new Uncacheable(messageOf(error), { cause: error })
  }
}

/** The last name of a path, which a step may use, with what a slash at the end means. */
function nameIn(path: string): string {
  return `${basename(path)}${path.endsWith('/') ? '/' : ''}`
}

/** The options with the names of local inputs in the place of their paths: where a file lies makes no difference. */
function withoutPaths(options: Json, inputs: readonly LocalInput[]): Json {
  return inputs.reduce((value, input) => replaceAt(value, input.at, input.path), options)
}

function replaceAt(value: Json, [first, ...rest]: LocalInput['at'], path: string): Json {
  if (first === undefined) return value === path ? { $input: nameIn(path) } : value
  if (Array.isArray(value)) return value.map((item: Json, index) => (index === first ? replaceAt(item, rest, path) : item))
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, first)) return value
  const members = Object.entries(value).map(([name, member]: [string, Json]) => [
    name,
    name === first ? replaceAt(member, rest, path) : member,
  ])
  return Object.fromEntries(members) as JsonObject // of what was one
}

function hmac(salt: Buffer, value: Json): string {
  return createHmac('sha256', salt).update(JSON.stringify(value)).digest('hex').slice(0, 40)
}
