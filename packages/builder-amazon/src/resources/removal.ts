import { wait } from '@imago/core'

import type { Aws } from '../aws/aws.ts'
import { hasAwsCode, isNotFound, isPassing } from '../aws/aws-error.ts'
import { untilKnown } from '../aws/poll.ts'

/** Something to remove: by its id, or by its name when the answer of its creation was lost. */
export interface Removal {
  readonly id: string | undefined
  readonly name: string
}

/** Removes it; when it is not there, that is fine. */
export type Remove = (aws: Aws, removal: Removal, signal: AbortSignal) => Promise<void>

/** How often to look whether something is gone. */
export const removalPace = { firstMs: 100, lastMs: 3000 } as const
/** AWS may learn of a creation whose answer was lost only so many milliseconds later. */
const lostAnswerMs = 3000
/** How long others may go on using something. */
const unusedMs = 600_000

/** The ids of a thing: its own, or those that bear its name. */
export async function idsOf({ id }: Removal, find: () => Promise<readonly string[]>, signal: AbortSignal): Promise<readonly string[]> {
  if (id !== undefined) return [id]
  const found = await find()
  if (found.length > 0) return found
  await wait(lostAnswerMs, signal)
  return await find()
}

/** Does it, and takes it for done when there is no such thing. @param codes that say so, too */
export async function unlessGone(work: () => Promise<unknown>, codes: readonly string[] = []): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isNotFound(error) && !hasAwsCode(error, codes)) throw error
  }
}

/** Does it as soon as nothing uses the thing any more: as long as AWS refuses with one of these codes, it is tried again. */
export async function whenUnused(work: () => Promise<unknown>, codes: readonly string[], signal: AbortSignal): Promise<void> {
  const isEarly = (error: unknown): boolean => hasAwsCode(error, codes) || isPassing(error)
  await unlessGone(() => untilKnown(work, { isEarly, signal, pace: removalPace, graceMs: unusedMs }))
}
