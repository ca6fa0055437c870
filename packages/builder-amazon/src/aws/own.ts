import { createHash, randomBytes } from 'node:crypto'

import type { BuildContext, Duration } from '@imago/core'
import { milliseconds } from '@imago/core'

/** Tags by their keys. */
export type Tags = Readonly<Record<string, string>>

/** When something may be removed by anybody: its run should be over by then. ISO 8601. It is taken off what is finished and stays. */
export const expiryTag = 'imago.expires'
/** The name of a thing, as the journal has it. */
export const nameTag = 'imago.name'
/** Tags of finished images say where they come from; this one, that they are not finished. */
export const ownerTag = 'imago.owner'

/** Names, tags and tokens of what one build creates, all derived from its run: whoever finds one of them knows what it is. */
export interface Own {
  /** The name of a thing: `imago-<run>-<image>-<build>-<what>`; at most so long. */
  name(what: string, longest?: number): string
  /** The tags of a thing that is created under a name. */
  tags(name: string, tags?: Tags): Tags
  /** The same token for the same step of the same build, so that AWS does it once. `details` is what else the request depends on. */
  token(step: string, ...details: readonly string[]): string
  /** Whether tags are those of this build. */
  isOwn(tags: Tags): boolean
}

/** @param expireAfter how long the build may take */
export function ownOf(ctx: Pick<BuildContext, 'runId' | 'image' | 'build' | 'labels'>, expireAfter: Duration): Own {
  const { runId, image, build, labels } = ctx
  const expires = new Date(Date.now() + milliseconds(expireAfter)).toISOString()
  // a build that is tried again after a failure must not get what its first attempt has created and removed
  const attempt = randomBytes(4).toString('hex')
  return {
    name: (what, longest = 255) => {
      const name = `imago-${runId}-${image}-${build}-${what}`.replaceAll(/[^\w.-]/g, '_')
      return name.length <= longest ? name : `imago-${runId}-${hash(`${image}/${build}/${what}`, 8)}`
    },
    tags: (name, tags = {}) => ({ Name: `${image} ${build}`, ...tags, ...labels, [nameTag]: name, [expiryTag]: expires }),
    token: (step, ...details) => hash([runId, image, build, attempt, step, ...details].join('\n'), 32),
    isOwn: (tags) => tags['imago.run'] === runId && tags['imago.image'] === image && tags['imago.build'] === build,
  }
}

function hash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
