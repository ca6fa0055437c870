import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'

import type { Artifact, Builder, BuildReport, Provisioner, ProvisionContext, Report, ResourceRef, RunOptions } from '@imago/core'
import { defineImage, ImagoError, run } from '@imago/core'

import type { TestRunner } from './contract-bench.ts'
import { Bench, execute, within } from './contract-bench.ts'
import { planOf } from './plan-of.ts'
import type { Recorder } from './recorder.ts'
import { recorder } from './recorder.ts'

/** What {@link builderContract} takes. */
export interface BuilderContractOptions extends TestRunner {
  /** Makes the builder; called for each build. Its builds should be short. */
  readonly builder: () => Builder
  /** Relative local paths in the builder's options are relative to this folder. @default a temporary one */
  readonly directory?: string
  /** Whether the provider still has a resource that a build acquired. @default not asked */
  readonly exists?: (resource: ResourceRef) => Promise<boolean>
  /** A command that succeeds in the machine; `undefined` where it runs none. @default 'true' */
  readonly command?: string | undefined
  /** How long a cancelled build may take to end, in milliseconds. @default 20000 */
  readonly cancelMs?: number
}

/** A run of the builder under test, in an image of its own. */
interface Trial {
  readonly report: Report
  readonly build: BuildReport
  readonly events: Recorder
}

/**
 * The suite that every builder passes: its artifact, its events, and that nothing is left however a build ends.
 * @example
 * import { afterAll, describe, test } from 'vitest'
 * builderContract({ describe, test, afterAll, builder: () => docker({ image: 'debian:12', pull: 'never' }) })
 */
export function builderContract(options: BuilderContractOptions): void {
  const { describe, test, afterAll } = options
  const bench = new Bench({ open: () => Promise.reject(new TypeError('a builder opens its own machines')), directory: '/' })
  const lab = new BuilderLab(options, bench)
  describe('the contract of a builder', () => {
    afterAll(async () => await bench.close())
    testDefinition(test, lab)
    testSuccess(test, lab, 'command' in options ? options.command : 'true')
    testEndings(test, lab, options.cancelMs ?? 20_000)
  })
}

function testDefinition(test: TestRunner['test'], lab: BuilderLab): void {
  test('finds no problem in these options, and says what it makes', async () => {
    const builder = lab.builder()
    assert.deepEqual(builder.validate?.() ?? [], [])
    assert.notEqual(builder.makes.type, '')
    const plan = planOf(defineImage({ name: 'contract', builders: { subject: builder } }))
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, 'the plan is not plain JSON')
  })
  test('finds no problem outside', async () => {
    const context = { directory: await lab.directory(), signal: new AbortController().signal }
    assert.deepEqual((await lab.builder().preflight?.(context)) ?? [], [])
  })
}

function testSuccess(test: TestRunner['test'], lab: BuilderLab, command: string | undefined): void {
  test('hands over a machine once, makes an artifact, and leaves nothing else', async () => {
    const machines: ProvisionContext['machine'][] = []
    const trial = await lab.run(async ({ machine, facts }) => {
      machines.push(machine)
      assert.equal(facts.buildName, 'subject')
      if (command !== undefined) assert.equal((await execute(machine, command)).exitCode, 0, command)
    })
    assert.equal(trial.build.status, 'succeeded', trial.build.error?.message)
    assert.equal(machines.length, 1, 'provision was not called once')
    const { artifact } = trial.build
    assert.ok(artifact !== undefined, 'there is no artifact')
    await checkArtifact(lab.builder(), artifact)
    await lab.checkEnd(trial)
    assert.equal((await lab.finds(trial)) ?? true, true, 'artifacts() does not find what was made')
    await lab.remove(artifact)
    assert.equal((await lab.finds(trial)) ?? false, false, 'artifacts() finds what was removed')
  })
  test('builds twice at the same time', async () => {
    const trials = await Promise.all([lab.run(async () => {}), lab.run(async () => {})])
    for (const trial of trials) {
      assert.equal(trial.build.status, 'succeeded', trial.build.error?.message)
      await lab.checkEnd(trial)
    }
    for (const { build } of trials) if (build.artifact !== undefined) await lab.remove(build.artifact)
  })
}

function testEndings(test: TestRunner['test'], lab: BuilderLab, cancelMs: number): void {
  test('lets the error of a provisioner pass, and leaves nothing', async () => {
    const trial = await lab.run(() => Promise.reject(new ImagoError('COMMAND_FAILED', 'this step fails', { exitCode: 7 })))
    assert.equal(trial.build.status, 'failed')
    assert.deepEqual([trial.build.error?.code, trial.build.error?.exitCode], ['COMMAND_FAILED', 7])
    assert.equal(trial.build.artifact, undefined)
    await lab.checkEnd(trial)
  })
  test('ends when it is cancelled in a provisioner, and leaves nothing', async () => {
    const abort = new AbortController()
    const hanging = async ({ signal }: ProvisionContext): Promise<void> => {
      const aborted = once(signal, 'abort')
      abort.abort()
      await aborted
      throw new Error('aborted')
    }
    const trial = await within(cancelMs, 'a cancelled build', lab.run(hanging, { signal: abort.signal }))
    assert.equal(trial.build.status, 'cancelled', trial.build.error?.message)
    await lab.checkEnd(trial)
  })
  test('ends when it is cancelled at any of its own steps, and leaves nothing', async () => {
    const steps = await lab.steps()
    for (const step of steps) {
      const abort = new AbortController()
      const events = recorder()
      const onEvent: RunOptions['onEvent'] = (event) => {
        events.onEvent(event)
        if (event.type === 'step-started' && event.step.id === step) abort.abort()
      }
      const trial = await within(
        cancelMs,
        `a build cancelled at ${step}`,
        lab.run(async () => {}, { signal: abort.signal, onEvent }, events),
      )
      assert.equal(trial.build.status, 'cancelled', `cancelled at ${step}: ${trial.build.error?.message}`)
      await lab.checkEnd(trial)
    }
  })
}

/** Runs the builder under test. */
class BuilderLab {
  readonly #options: BuilderContractOptions
  readonly #bench: Bench
  /** Unlike that of any other test's builds: providers remember them. */
  readonly #name = randomBytes(4).toString('hex')
  #count = 0

  constructor(options: BuilderContractOptions, bench: Bench) {
    this.#options = options
    this.#bench = bench
  }

  builder(): Builder {
    return this.#options.builder()
  }

  async directory(): Promise<string> {
    return this.#options.directory ?? join(await this.#bench.local('directory'), '..')
  }

  async run(
    provision: (context: ProvisionContext) => Promise<void>,
    options: RunOptions = {},
    events: Recorder = recorder(),
  ): Promise<Trial> {
    const step: Provisioner = { kind: 'provisioner', type: 'probe', options: {}, provision }
    const image = defineImage({
      name: `contract-${this.#name}-${this.#count++}`,
      builders: { subject: this.builder() },
      provisioners: [step],
    })
    const stateDirectory = await this.#bench.local('state')
    const report = await run(image, { onEvent: events.onEvent, ...options, stateDirectory, directory: await this.directory() })
    const [build] = report.builds
    assert.ok(build !== undefined)
    return { report, build, events }
  }

  /** The builder's own steps, of a build that is made for this and removed. */
  async steps(): Promise<readonly string[]> {
    const trial = await this.run(async () => {})
    if (trial.build.artifact !== undefined) await this.remove(trial.build.artifact)
    const ids = trial.events.of('step-started').flatMap(({ step }) => (step.kind === 'builder' ? [step.id] : []))
    return [...new Set(ids)]
  }

  /** Fails unless everything that began has ended, and every resource is gone. */
  async checkEnd({ report, events }: Trial): Promise<void> {
    assert.deepEqual(events.unbalanced(), [])
    assert.deepEqual(report.left, [])
    const kept = events.events.filter(({ type }) => type === 'resource-kept' || type === 'resource-release-failed')
    assert.deepEqual(kept, [])
    for (const { resource } of events.of('resource-acquired')) {
      const left = (await this.#options.exists?.(resource)) ?? false
      assert.equal(left, false, `the ${resource.kind} ${resource.name} still exists`)
    }
  }

  /** Whether a build's artifact is among those that the builder finds; `undefined` when it cannot be asked. */
  async finds({ report, build }: Trial): Promise<boolean | undefined> {
    const signal = new AbortController().signal
    const context = { image: build.image, build: build.build, directory: await this.directory(), known: [], signal }
    const found = await this.builder().artifacts?.(context)
    for (const { madeAt, runId = report.runId } of found ?? []) {
      assert.ok(Math.abs(Date.parse(madeAt) - Date.parse(report.startedAt)) < 86_400_000, `it was not made at '${madeAt}'`)
      assert.equal(runId, report.runId)
    }
    return found?.some(({ artifact }) => artifact.id === build.artifact?.id)
  }

  /** Removes an artifact as the runner would. */
  async remove(artifact: Artifact): Promise<void> {
    const context = { directory: await this.directory(), signal: new AbortController().signal }
    const builder = this.builder()
    if (builder.destroyArtifact !== undefined) await builder.destroyArtifact(artifact, context)
    for (const { path } of artifact.files ?? []) {
      if (builder.destroyArtifact === undefined) await rm(path, { force: true })
      else await assert.rejects(stat(path), `destroyArtifact leaves ${path}`)
    }
  }
}

async function checkArtifact(builder: Builder, artifact: Artifact): Promise<void> {
  assert.deepEqual(JSON.parse(JSON.stringify(artifact)), artifact, 'the artifact is not plain JSON')
  assert.equal(artifact.type, builder.makes.type)
  assert.equal(artifact.files !== undefined, builder.makes.files, 'the artifact has files, or has none, unlike what makes says')
  assert.notEqual(artifact.id, '')
  for (const { path, size, sha256 } of artifact.files ?? []) {
    assert.ok(isAbsolute(path), `${path} is not absolute`)
    assert.equal((await stat(path)).size, size, path)
    if (sha256 !== undefined)
      assert.equal(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
        sha256,
        path,
      )
  }
}
