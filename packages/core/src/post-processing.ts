import { rm } from 'node:fs/promises'

import type { AnyStepPostProcessor, Placed } from './applicable-steps.ts'
import type { Artifact } from './artifact.ts'
import type { Builder } from './component.ts'
import type { PostProcessContext, PreflightContext } from './context.ts'
import { fileSystemError } from './error.ts'
import type { StepPlace } from './step-runner.ts'
import { runStep } from './step-runner.ts'
import { orAbandon } from './wait.ts'

/** How long a removal that does not listen to its signal is waited for. */
const graceMs = 2000

/** Who can remove an artifact. */
type Maker = Pick<Builder, 'destroyArtifact'> | Pick<AnyStepPostProcessor, 'destroyArtifact'>
interface Made {
  readonly artifact: Artifact
  readonly maker: Maker
  /** {@link MadeArtifact.maker} */
  readonly makerId: string
}

/** An artifact, and who made it: `'builder'`, `'postProcessors[0][1]'`. */
export interface MadeArtifact {
  readonly maker: string
  readonly artifact: Artifact
}

/** What post-processing a build's artifact needs. */
export interface PostProcessing {
  readonly chains: readonly (readonly Placed<AnyStepPostProcessor>[])[]
  readonly builder: Builder
  readonly place: StepPlace
  /** What each post-processor gets, apart from what belongs to its step. */
  readonly context: PostProcessContext
  /** What the builder made stays, whatever the chains do with it: other builds start from it. */
  readonly keepFirst: boolean
}

interface ChainOutcome {
  readonly kept: readonly Made[]
  readonly dropped: readonly Made[]
  readonly error?: unknown
}

/** What is left in the end, and the first error. */
export interface PostProcessed {
  readonly artifacts: readonly MadeArtifact[]
  readonly error?: unknown
}

/**
 * Runs the chains on what the builder made, all at the same time; a chain that fails does not stop the others. What the chains consumed is
 * removed when all of them have succeeded.
 */
export async function postProcess(work: PostProcessing, made: Artifact): Promise<PostProcessed> {
  const first: Made = { artifact: made, maker: work.builder, makerId: 'builder' }
  const outcomes = await Promise.all(work.chains.map((chain) => runChain(work, chain, first)))
  const failed = outcomes.find((outcome) => outcome.error !== undefined)
  const wanted = outcomes.flatMap((outcome) => outcome.kept)
  const dropped = outcomes.flatMap((outcome) => outcome.dropped)
  const everything = distinct([first, ...outcomes.flatMap((outcome) => [...outcome.dropped, ...outcome.kept])])
  if (failed !== undefined) return { artifacts: things(everything), error: failed.error }
  const consumed = !work.keepFirst && outcomes.length > 0 && !includes(wanted, first)
  const kept = distinct([...(consumed ? [] : [first]), ...wanted])
  const unwanted = distinct(dropped).filter((candidate) => !includes(kept, candidate))
  const { left, error } = await removeArtifacts(unwanted, kept, work.context)
  return { artifacts: things([...left, ...kept]), ...(left.length > 0 && { error }) }
}

async function runChain(work: PostProcessing, chain: readonly Placed<AnyStepPostProcessor>[], first: Made): Promise<ChainOutcome> {
  const kept: Made[] = []
  const dropped: Made[] = []
  let current = first
  try {
    for (const { ref, step } of chain) {
      const input = current
      const artifact = await runStep(work.place, ref, step, (stepContext) =>
        step.process(input.artifact, { ...work.context, ...stepContext }),
      )
      if (artifact === undefined) return { kept: [...kept, input], dropped } // it failed, and may: the chain ends before it
      const keep = step.keepInputArtifact ?? step.input !== 'removed'
      ;(keep ? kept : dropped).push(input)
      if (artifact !== input.artifact) current = { artifact, maker: step, makerId: ref.id }
    }
    return { kept: [...kept, current], dropped }
  } catch (error) {
    return { kept: [...kept, current], dropped, error }
  }
}

/** Removes artifacts, but no file that belongs to one that stays. Goes on past failures; answers with what is left and the first error. */
async function removeArtifacts(
  unwanted: readonly Made[],
  kept: readonly Made[],
  context: PreflightContext,
): Promise<{ readonly left: readonly Made[]; readonly error?: unknown }> {
  const keptFiles = new Set(kept.flatMap(({ artifact }) => (artifact.files ?? []).map((file) => file.path)))
  const failures: { readonly made: Made; readonly error: unknown }[] = []
  for (const made of unwanted) {
    try {
      await removeArtifact(made, keptFiles, context)
    } catch (error) {
      failures.push({ made, error: fileSystemError(error, `'${made.artifact.id}' cannot be removed`) })
    }
  }
  return { left: failures.map(({ made }) => made), error: failures[0]?.error }
}

async function removeArtifact({ artifact, maker }: Made, keptFiles: ReadonlySet<string>, context: PreflightContext): Promise<void> {
  const files = artifact.files ?? []
  if (maker.destroyArtifact !== undefined && !files.some((file) => keptFiles.has(file.path))) {
    await orAbandon(maker.destroyArtifact(artifact, context), context.signal, graceMs)
    return
  }
  for (const file of files) if (!keptFiles.has(file.path)) await rm(file.path, { force: true })
}

/** The artifacts without repetition: of several that are the same thing, such as an image and the same with a name, the last. */
function things(made: readonly Made[]): MadeArtifact[] {
  return [...new Map(made.map(({ artifact, makerId }) => [keyOf(artifact), { maker: makerId, artifact }])).values()]
}

function keyOf({ type, id, files }: Artifact): string {
  return JSON.stringify([type, id, files?.map(({ path }) => path)])
}

function includes(list: readonly Made[], made: Made): boolean {
  return list.some((other) => same(other, made))
}

function distinct(made: readonly Made[]): Made[] {
  return made.filter((candidate, index) => made.findIndex((other) => same(other, candidate)) === index)
}

function same(a: Made, b: Made): boolean {
  return a.artifact === b.artifact
}
