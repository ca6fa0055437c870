import type { Artifact } from '../artifact.ts'
import type { Builder } from '../component.ts'
import type { Duration } from '../duration.ts'
import { errorToJson } from '../error.ts'
import type { MadeArtifact } from '../post-processing.ts'
import type { BuildId } from '../selection.ts'
import type { StepPlace } from '../step-runner.ts'
import { runStep } from '../step-runner.ts'
import { ArtifactRecords } from './artifact-records.ts'
import { noteArtifacts } from './note-artifacts.ts'
import { retentionOf } from './retention-of.ts'
import type { Retirement } from './retire.ts'
import { retire } from './retire.ts'

/** A build that has succeeded. */
export interface SucceededBuild {
  readonly id: BuildId
  readonly builder: Builder
  readonly runId: string
  readonly stateDirectory: string
  readonly directory: string
  /** Files that builds of the run read. Absolute. */
  readonly needed: ReadonlySet<string>
  readonly place: StepPlace
  /** How long removing an artifact may take. */
  readonly timeout: Duration
  /** What the builder made. */
  readonly made: Artifact
  /** What is left of it in the end. */
  readonly artifacts: readonly MadeArtifact[]
}

/**
 * Notes what a build has made, and removes what earlier runs made, as the image's `retain` says. What cannot be done is a warning: the
 * build has succeeded.
 * @returns what was removed
 */
export async function afterBuild(build: SucceededBuild): Promise<readonly Artifact[]> {
  const { id, runId, place, artifacts } = build
  const removed: Artifact[] = []
  try {
    const records = new ArtifactRecords(build.stateDirectory)
    await noteArtifacts(records, id, { runId, artifacts, signal: place.signal })
    const retention = retentionOf(id)
    if (retention === undefined) return []
    const ref = { id: 'builder.retain', kind: 'builder', type: build.builder.type, title: `keep the last ${retention.last}` } as const
    await runStep(place, ref, {}, async ({ signal }) => {
      try {
        await retireOlder(build, { records, last: retention.last, signal, step: ref.id }, (artifact) => removed.push(artifact))
      } catch (error) {
        signal.throwIfAborted()
        warn(place, ref.id, `older artifacts stay: ${errorToJson(error).message}`)
      }
    })
  } catch (error) {
    if (!place.signal.aborted) warn(place, undefined, `it is not noted what was made: ${errorToJson(error).message}`)
  }
  return removed
}

async function retireOlder(
  { id, builder, runId, stateDirectory, directory, needed, timeout, place, made, artifacts }: SucceededBuild,
  {
    records,
    last,
    signal,
    step,
  }: { readonly records: ArtifactRecords; readonly last: number; readonly signal: AbortSignal; readonly step: string },
  onRemoved: (artifact: Artifact) => void,
): Promise<void> {
  const current = { runId, artifacts: [made, ...artifacts.map(({ artifact }) => artifact)] }
  const work = { id, builder, last, records, stateDirectory, directory, current, needed, timeout, dryRun: false, signal }
  for await (const retirement of retire(work)) {
    if (retirement.outcome === 'removed') {
      const { artifact, madeAt } = retirement
      place.events.say({ type: 'artifact-removed', image: place.image, build: place.build, step, artifact, madeAt })
      onRemoved(artifact)
    } else warn(place, step, whyItStays(retirement))
  }
}

function whyItStays({ artifact, outcome, why, error }: Retirement): string {
  const what = `${artifact.type} ${artifact.files?.map(({ path }) => path).join(', ') ?? artifact.id}`
  return outcome === 'failed'
    ? `${what} could not be removed: ${error?.message ?? 'nobody knows why'}`
    : `${what} is kept: ${why ?? 'it is in use'}`
}

function warn({ events, image, build }: StepPlace, step: string | undefined, text: string): void {
  events.say({ type: 'message', image, build, ...(step !== undefined && { step }), level: 'warning', text })
}
