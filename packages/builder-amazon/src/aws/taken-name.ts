import type { AwsJob } from '../job.ts'
import { isNotFound } from './aws-error.ts'
import type { Tags } from './own.ts'
import { untilKnown } from './poll.ts'

/** Something that has a name. */
export interface Named {
  readonly id: string
  readonly tags: Tags
}

/** It has been created a moment ago, and cannot be seen yet. */
class NotSeenYet extends Error {}

function isEarly(error: unknown): boolean {
  return error instanceof NotSeenYet || isNotFound(error)
}

/** AWS shows what it has created within so many milliseconds. */
const graceMs = 30_000

/**
 * What has a name that AWS says is taken: the build's own, when the answer about its creation was lost, else somebody else's. It may have
 * been created so lately that it cannot be seen yet: then it is waited for.
 * @returns `undefined` when nothing of that name shows up
 */
export async function withTakenName(
  { own, polling }: AwsJob,
  list: () => Promise<readonly Named[]>,
  signal: AbortSignal,
): Promise<(Named & { readonly isOwn: boolean }) | undefined> {
  const look = async (): Promise<Named & { readonly isOwn: boolean }> => {
    const named = (await list()).map((each) => ({ ...each, isOwn: own.isOwn(each.tags) }))
    const found = named.find(({ isOwn }) => isOwn) ?? named[0]
    if (found === undefined) throw new NotSeenYet()
    return found
  }
  try {
    return await untilKnown(look, { isEarly, signal, pace: polling.pace, graceMs })
  } catch (error) {
    if (isEarly(error)) return undefined
    throw error
  }
}
