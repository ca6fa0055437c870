import type { Artifact } from '../artifact.ts'
import { keepArtifacts } from '../cache/has-artifacts.ts'
import { fileSha256 } from '../file-digest.ts'
import type { MadeArtifact } from '../post-processing.ts'
import type { BuildId } from '../selection.ts'
import type { ArtifactRecords } from './artifact-records.ts'
import { retentionOf } from './retention-of.ts'

/** So many records stay of a build whose artifacts all stay. */
const mostRecords = 100

/** What a run has made of a build. */
export interface JustMade {
  readonly runId: string
  readonly artifacts: readonly MadeArtifact[]
  readonly signal: AbortSignal
}

/** Notes what a build has made, for `retain` to find it later. */
export async function noteArtifacts(records: ArtifactRecords, id: BuildId, { runId, artifacts, signal }: JustMade): Promise<void> {
  const isRetained = retentionOf(id) !== undefined
  const made = isRetained ? await Promise.all(artifacts.map((each) => withDigests(each, signal))) : artifacts
  await records.save(id, { runId, madeAt: new Date().toISOString(), artifacts: await keepArtifacts(made) })
  if (!isRetained) await records.limit(id, mostRecords)
}

/** A file is removed only when it is what was made; of some, nobody has computed the digest. */
async function withDigests({ maker, artifact }: MadeArtifact, signal: AbortSignal): Promise<MadeArtifact> {
  if (artifact.files === undefined) return { maker, artifact }
  const files = artifact.files.map(async (file) => ({ ...file, sha256: file.sha256 ?? (await fileSha256(file.path, signal)) }))
  const whole: Artifact = { ...artifact, files: await Promise.all(files) }
  return { maker, artifact: whole }
}
