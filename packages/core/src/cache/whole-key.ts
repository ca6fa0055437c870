import { applicableSteps } from '../applicable-steps.ts'
import type { Builder } from '../component.ts'
import type { LookupContext } from '../context.ts'
import type { BuildId } from '../selection.ts'
import type { CacheStore } from './cache-store.ts'
import type { Json } from '../json.ts'
import type { KeyContext, KeyedStep } from './step-keys.ts'
import { buildKey, materialContext, startKey, stepKeys } from './step-keys.ts'
import { materialOf, Uncacheable } from './step-material.ts'

/** A build, and where it is looked for. */
export interface Lookup {
  readonly id: BuildId
  readonly builder: Builder
  readonly store: CacheStore
  readonly lookup: LookupContext
}

/** What the keys of a build are made with. */
export async function keyContext({ id, builder, store, lookup }: Lookup): Promise<KeyContext> {
  return {
    facts: { image: id.image.name, buildName: id.build, builderType: builder.type },
    artifact: (reference) => lookup.artifact(reference).id,
    salt: await store.salt(),
    directory: lookup.directory,
    signal: lookup.signal,
  }
}

/** The keys of a build's steps. */
export async function keysOf(base: object, parts: Lookup): Promise<readonly KeyedStep[]> {
  const { image, build } = parts.id
  return await stepKeys(base, applicableSteps(image, build).provisioners, await keyContext(parts))
}

/** The machine before its first step, as a step of its own; `undefined` where there are no snapshots of it. */
export async function startStep(base: object, parts: Lookup): Promise<KeyedStep | undefined> {
  const { builder } = parts
  if (builder.snapshots?.ofStart !== true) return undefined
  const ref = { id: 'builder.machine', kind: 'builder', type: builder.type, title: 'the machine before its first step' } as const
  return { ref, ...startKey(base, await keyContext(parts)) }
}

/** What a build starts from, to tell people what has changed. */
export async function startMaterial(base: object, parts: Lookup): Promise<Json> {
  try {
    return materialOf(base, materialContext(await keyContext(parts)))
  } catch (error) {
    if (error instanceof Uncacheable) return null
    throw error
  }
}

/** The key of a whole build, post-processors and all; `undefined` when something of it always runs. */
export async function wholeKey(base: object, steps: readonly KeyedStep[], parts: Lookup): Promise<string | undefined> {
  const { id, builder } = parts
  const context = await keyContext(parts)
  const last = steps.at(-1)
  const lastKey = last === undefined ? startKey(base, context).key : last.key
  if (lastKey === undefined || steps.some(({ maxAgeMs }) => maxAgeMs !== undefined)) return undefined
  return await buildKey(lastKey, builder.options, applicableSteps(id.image, id.build).chains, context)
}
