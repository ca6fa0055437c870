import { isDeepStrictEqual } from 'node:util'

import type { Artifact } from '../artifact.ts'
import type { SaveSnapshot } from '../context.ts'
import { errorToJson, isImagoError } from '../error.ts'
import type { Emit, StepRef } from '../event.ts'
import type { ReleaseLock } from '../file-lock.ts'
import type { MadeArtifact } from '../post-processing.ts'
import { processOwner } from '../process-owner.ts'
import type { Redactor } from '../redactor.ts'
import type { CacheOptions } from '../run-options.ts'
import { qualifiedName } from '../selection.ts'
import { wait } from '../wait.ts'
import type { SnapshotRecord } from './cache-store.ts'
import { hasArtifacts, keepArtifacts } from './has-artifacts.ts'
import { longestPrefix } from './longest-prefix.ts'
import type { KeyedStep } from './step-keys.ts'
import { hasSameInputs } from './step-keys.ts'
import type { Lookup } from './whole-key.ts'
import { keyContext, keysOf, startMaterial, startStep, wholeKey } from './whole-key.ts'

/** What the cache of one build works with. */
export interface BuildCacheOptions extends Lookup {
  readonly options: CacheOptions
  readonly redactor: Redactor
  readonly emit: Emit
}

/** Who makes snapshots of a machine. */
export interface SnapshotMaker {
  /** Whether no process of a step is left in it, which a snapshot would lose. */
  isQuiet(signal: AbortSignal): Promise<boolean>
  readonly save: SaveSnapshot
}

/** A step that a snapshot stands for. */
export interface CachedStep {
  readonly ref: StepRef
  readonly ranAt: string
}

/** A step that a snapshot is to be made after. */
interface SnapshotStep {
  readonly key: string
  readonly ref: StepRef
}

/** What a build that nothing was changed of has made. */
export interface UpToDate {
  readonly made: Artifact
  readonly artifacts: readonly Artifact[]
}

/** How long it takes to look again whether somebody else has made what this build waits for, in milliseconds. */
const lookAgainMs = 50

/** The step cache as one build uses it: what it need not do again, and what it leaves for the next. */
export class BuildCache {
  readonly #parts: BuildCacheOptions
  /** What there can be snapshots after: the start, where the builder makes one of it, and the provisioners. */
  #steps: readonly KeyedStep[] = []
  /** How many of them come before the first provisioner. */
  #starts = 0
  #cached: readonly CachedStep[] = []
  /** What the machine starts from, as it was looked up. */
  #base: object | undefined
  /** Of the whole build, when all of it can be known. */
  #buildKey: string | undefined
  /** Held while the step of that key is made, so that others wait for it. */
  #stepLock: { readonly key: string; readonly release: ReleaseLock } | undefined
  /** What is given back at the end. */
  readonly #held: ReleaseLock[] = []
  /** Whether the machine is no longer what the keys say. */
  #isTainted = false
  /** A snapshot that is made while the builder goes on. */
  #pending: Promise<unknown> | undefined

  constructor(parts: BuildCacheOptions) {
    this.#parts = parts
  }

  /**
   * What the build made the last time, if it would make the same now, and that is still there. While another run makes just that, it is
   * waited for.
   */
  async upToDate(): Promise<UpToDate | undefined> {
    const { builder, store, lookup, options } = this.#parts
    const base = await builder.base?.(lookup)
    if (base === undefined) return undefined
    this.#base = base
    this.#buildKey = await wholeKey(base, await keysOf(base, this.#parts), this.#parts)
    if (this.#buildKey === undefined || options.from !== undefined) return undefined
    await this.#hold(this.#buildKey, 'this build')
    const record = await store.build(this.#buildKey)
    if (record === undefined || !(await hasArtifacts(record, this.#parts.id, lookup))) return undefined
    return { made: record.made, artifacts: record.artifacts.map(({ artifact }) => artifact) }
  }

  /** Keeps what the build has made, for the next run to find. */
  async keep(made: Artifact, artifacts: readonly MadeArtifact[]): Promise<void> {
    if (this.#buildKey === undefined || this.#isTainted) return
    const kept = { finishedAt: new Date().toISOString(), made, artifacts: await keepArtifacts(artifacts) }
    await this.#parts.store.saveBuild(this.#buildKey, kept)
  }

  /** Finds the snapshot of the latest step that need not run. While another run makes the one after it, that is waited for. */
  async findSnapshot(base: object): Promise<string | undefined> {
    const { store } = this.#parts
    if (!isDeepStrictEqual(base, this.#base)) this.#buildKey = undefined // it is another one by now: the build is not what was looked up
    await this.#releaseStep()
    await this.#prepare(base)
    for (;;) {
      this.#cached = await longestPrefix(this.#steps, this.#parts)
      const key = this.#steps[this.#cached.length - 1]?.key
      const next = this.#steps[this.#cached.length]?.key
      if (next === undefined || (await this.#lockStep(next))) {
        if (key !== undefined) this.#held.push(await store.lease(key))
        const again = await longestPrefix(this.#steps, this.#parts)
        if (again.length === this.#cached.length) return key // nobody has removed it meanwhile, and nobody has made the next one
        await this.#releaseStep()
      } else {
        await wait(lookAgainMs, this.#parts.lookup.signal)
      }
    }
  }

  /** The provisioner with this index, when it need not run. */
  cached(index: number): CachedStep | undefined {
    return this.#cached[index + this.#starts]
  }

  /** Makes the snapshot of a machine that no step has run in yet, where there is to be one. */
  async started(maker: SnapshotMaker): Promise<void> {
    if (this.#starts > 0 && this.#cached.length === 0) await this.#save(0, maker)
  }

  /** Makes the snapshot after a provisioner that has run. A snapshot that cannot be made stops no build. */
  async finished(index: number, maker: SnapshotMaker): Promise<void> {
    await this.#save(index + this.#starts, maker)
  }

  async #save(index: number, maker: SnapshotMaker): Promise<void> {
    const { builder, emit } = this.#parts
    const step = this.#steps[index]
    const { key, ref } = step ?? {}
    if (step === undefined || key === undefined || ref === undefined || this.#isTainted) return
    if (!(await hasSameInputs(step, await keyContext(this.#parts)))) {
      this.taint()
      emit({ type: 'message', level: 'warning', text: `there is no snapshot after ${ref.title}: its files were changed while it ran` })
      return
    }
    const own = this.#stepLock
    this.#stepLock = undefined
    const next = this.#steps[index + 1]?.key
    if (next !== undefined) await this.#lockStep(next) // before others see this one and want to go on from it
    const made = { key, ref }
    const announced = this.#orWarn(made, () => this.#announce(made, maker))
    const saving = announced
      .then((record) => record && this.#orWarn(made, () => this.#makeSnapshot(record, maker)))
      .finally(() => own?.release())
    saving.catch(() => undefined) // thrown below, or by settled()
    await announced
    const isLast = index === this.#steps.length - 1
    if (isLast && builder.snapshots?.besideResult === true) this.#pending = saving
    else await saving
  }

  /** Waits for the snapshot that is made while the builder makes its result. */
  async settled(): Promise<void> {
    const pending = this.#pending
    this.#pending = undefined
    await pending
  }

  /** Says who makes a snapshot; nothing when there can be none. */
  async #announce({ key, ref }: SnapshotStep, maker: SnapshotMaker): Promise<SnapshotRecord | undefined> {
    const { id, builder, store, lookup, emit } = this.#parts
    if (!(await maker.isQuiet(lookup.signal))) {
      emit({ type: 'message', level: 'info', text: `no snapshot after ${ref.title}: it has left processes running` })
      return undefined
    }
    const ranAt = new Date().toISOString()
    const record = { key, image: id.image.name, build: id.build, builderType: builder.type, step: ref, ranAt, bytes: 0, data: {} }
    await store.saveSnapshot({ ...record, making: processOwner() })
    return record
  }

  async #makeSnapshot(record: SnapshotRecord, maker: SnapshotMaker): Promise<void> {
    const { bytes, data = {} } = await maker.save(record.key, this.#parts.lookup.signal)
    await this.#parts.store.saveSnapshot({ ...record, bytes, data })
  }

  async #orWarn<T>({ key, ref }: SnapshotStep, work: () => Promise<T>): Promise<T | undefined> {
    const { store, lookup, emit } = this.#parts
    try {
      return await work()
    } catch (error) {
      await store.forgetSnapshot(key)
      if (lookup.signal.aborted || isImagoError(error, 'MACHINE_LOST')) throw error
      emit({ type: 'message', level: 'warning', text: `there is no snapshot after ${ref.title}: ${errorToJson(error).message}` })
      return undefined
    }
  }

  /** From now on the machine is not what the keys say: a step has failed, and the build goes on. */
  taint(): void {
    this.#isTainted = true
  }

  /** Gives back what is held. */
  async release(): Promise<void> {
    await this.#releaseStep()
    for (const release of this.#held.splice(0)) await release()
  }

  async #prepare(base: object): Promise<void> {
    const { id, store, redactor } = this.#parts
    const [first, keyed] = await Promise.all([startStep(base, this.#parts), keysOf(base, this.#parts)])
    this.#steps = first === undefined ? keyed : [first, ...keyed]
    this.#starts = first === undefined ? 0 : 1
    const steps = Object.fromEntries(keyed.map(({ ref, material, always }) => [ref.id, material ?? { always: always ?? '' }]))
    const start = await startMaterial(base, this.#parts)
    const before = await store.material(qualifiedName(id)) // of steps that this run leaves out something is known still
    await store.saveMaterial(qualifiedName(id), redactor.value({ base: start, steps: { ...before?.steps, ...steps } }))
  }

  async #hold(key: string, what: string): Promise<void> {
    const { store, emit, lookup } = this.#parts
    for (let isSaid = false; ; isSaid = true) {
      const release = await store.tryLock(key)
      if (release !== undefined) return void this.#held.push(release)
      if (!isSaid) emit({ type: 'message', level: 'info', text: `another run makes ${what}: it is waited for` })
      await wait(lookAgainMs, lookup.signal)
    }
  }

  async #lockStep(key: string): Promise<boolean> {
    const release = await this.#parts.store.tryLock(key)
    if (release !== undefined) this.#stepLock = { key, release }
    return release !== undefined
  }

  async #releaseStep(): Promise<void> {
    const lock = this.#stepLock
    this.#stepLock = undefined
    await lock?.release()
  }
}
