import { resolve } from 'node:path'

import { applicableSteps } from '../applicable-steps.ts'
import type { Artifact } from '../artifact.ts'
import { redactorFor } from '../definition-secrets.ts'
import { abortError, ImagoError, messageOf } from '../error.ts'
import type { StepRef } from '../event.ts'
import type { ArtifactReference, Image } from '../image.ts'
import { withBases } from '../image-graph.ts'
import { listOf } from '../one-or-many.ts'
import type { RunOptions, Selection } from '../run-options.ts'
import type { BuildId } from '../selection.ts'
import { qualifiedName, selectBuilds } from '../selection.ts'
import type { MaterialRecord } from './cache-store.ts'
import { CacheStore } from './cache-store.ts'
import { hasArtifacts } from './has-artifacts.ts'
import { longestPrefix } from './longest-prefix.ts'
import { materialChanges } from './material-changes.ts'
import type { KeyedStep } from './step-keys.ts'
import type { Lookup } from './whole-key.ts'
import { keysOf, startMaterial, wholeKey } from './whole-key.ts'

/** Whether a step would run, and why. */
export interface StepCacheStatus {
  readonly step: StepRef
  readonly state: 'cached' | 'will-run'
  /** Why it would run: `'setup.sh: 1f2e… → 9a8b…'`. */
  readonly because?: string
  /** When it ran, if it is cached. ISO 8601, UTC. */
  readonly ranAt?: string
}

/** What a build would do that has run with a cache before. */
export interface CacheStatus {
  readonly image: string
  readonly build: string
  /** Nothing would be done: what it makes is there. */
  readonly upToDate: boolean
  /** The provisioners. */
  readonly steps: readonly StepCacheStatus[]
}

/** How many changes are told of one step. */
const maxChanges = 3

/**
 * What builds would do in a run with a cache: what is cached, what would run, and because of what. Asks providers, and changes nothing.
 * Builds that never ran with this cache are left out. The definitions must have passed `validate`. Secrets are masked.
 */
export async function cacheStatus(
  images: Image | readonly Image[],
  options: Selection & Pick<RunOptions, 'directory' | 'stateDirectory' | 'signal'> = {},
): Promise<readonly CacheStatus[]> {
  const store = new CacheStore(options.stateDirectory ?? '.imago')
  const made = new Map<string, Artifact>()
  const lookUp = <A extends Artifact>(reference: ArtifactReference<A>): A => {
    const found = made.get(qualifiedName(reference))
    if (found === undefined) throw new ImagoError('BUILD_FAILED', `'${qualifiedName(reference)}', which it starts from, will run`)
    return found as A // the reference's type says what that builder makes
  }
  const found: CacheStatus[] = []
  for (const id of withBases(selectBuilds(listOf(images), options).builds)) {
    const builder = id.image.builders[id.build]
    const before = await store.material(qualifiedName(id))
    if (builder === undefined || before === undefined) continue
    const lookup = {
      directory: resolve(options.directory ?? '.'),
      signal: options.signal ?? new AbortController().signal,
      cacheDirectory: store.snapshotsOf(builder.type),
      artifact: lookUp,
    }
    const { status, artifact } = await statusOf({ id, builder, store, lookup }, before)
    if (artifact !== undefined) made.set(qualifiedName(id), artifact)
    found.push(redactorFor([id.image]).value(status))
  }
  return found
}

async function statusOf(parts: Lookup, before: MaterialRecord): Promise<{ readonly status: CacheStatus; readonly artifact?: Artifact }> {
  const { id, builder, store, lookup } = parts
  const named = { image: id.image.name, build: id.build }
  const base = await builder.base?.(lookup).catch((error: unknown) => {
    if (lookup.signal.aborted) throw abortError(lookup.signal)
    return new ImagoError('PROVIDER_FAILED', messageOf(error), { cause: error })
  })
  if (base === undefined || base instanceof ImagoError) {
    const because = base === undefined ? 'what it starts from must be fetched to know' : base.message
    return { status: { ...named, upToDate: false, steps: allRun(id, because) } }
  }
  const steps = await keysOf(base, parts)
  const key = await wholeKey(base, steps, parts)
  const record = key === undefined ? undefined : await store.build(key)
  const isThere = record !== undefined && (await hasArtifacts(record, id, lookup))
  const cached = await longestPrefix(steps, { ...parts, options: {} })
  const start = redactorFor([id.image]).value(await startMaterial(base, parts))
  const startChanges = materialChanges(before.base, start)
  const reasons = steps.map((step, index): StepCacheStatus => {
    const ranAt = cached[index]?.ranAt
    if (isThere || ranAt !== undefined) return { step: step.ref, state: 'cached', ...(ranAt !== undefined && { ranAt }) }
    const isFirst = index === cached.length
    return {
      step: step.ref,
      state: 'will-run',
      because: reasonOf(step, { before, startChanges: isFirst ? startChanges : [], isFirst, id }),
    }
  })
  return { status: { ...named, upToDate: isThere, steps: reasons }, ...(isThere && { artifact: record.made }) }
}

function allRun({ image, build }: BuildId, because: string): StepCacheStatus[] {
  return applicableSteps(image, build).provisioners.map(({ ref }) => ({ step: ref, state: 'will-run', because }))
}

interface ReasonContext {
  readonly id: BuildId
  readonly before: MaterialRecord
  /** What has changed in what the build starts from. */
  readonly startChanges: readonly string[]
  /** Whether the step is the first that is not cached. */
  readonly isFirst: boolean
}

function reasonOf({ ref, always, material }: KeyedStep, { id, before, startChanges, isFirst }: ReasonContext): string {
  if (startChanges.length > 0) return `the start: ${told(startChanges)}`
  if (material === undefined) return always ?? 'nothing is known of it'
  const last = before.steps[ref.id]
  if (last === undefined) return 'it is new'
  const changes = 'always' in last ? [] : materialChanges(last, redactorFor([id.image]).value(material))
  if (changes.length > 0) return told(changes)
  if (always !== undefined) return always
  return isFirst ? 'there is no snapshot after it' : 'a step before it runs'
}

function told(changes: readonly string[]): string {
  const more = changes.length - maxChanges
  return [...changes.slice(0, maxChanges), ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
}
