import { readJournals } from '../journal.ts'
import { isOwnerAlive } from '../process-owner.ts'

/** The runs with a state directory that are not over, or may not be. */
export async function runningRuns(stateDirectory: string): Promise<ReadonlySet<string>> {
  const journals = await readJournals(stateDirectory)
  return new Set(journals.filter(({ finished, owner }) => !finished && isOwnerAlive(owner) !== false).map(({ runId }) => runId))
}

/** Why what a run has made stays while that run is not over. */
export function neededBy(runId: string): string {
  return `run ${runId}, which made it, may still need it`
}
