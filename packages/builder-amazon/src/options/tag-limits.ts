import type { Facts, Issue } from '@imago/core'
import { resolveFacts } from '@imago/core'

import type { InstanceOptions } from '../amazon-ebs-options.ts'
import type { AmiOptions } from './ami.ts'
import type { TagOptions } from './text.ts'
import { ownTags } from './text.ts'

/** Tags of an option, and of the others that the same things bear. */
export interface TagGroup {
  readonly path: Issue['path']
  readonly tags: TagOptions | undefined
  /** @default none */
  readonly beside?: readonly (TagOptions | undefined)[]
}

/** All tags of an instance and of what exists beside it. */
export function instanceTags({ launch, spot }: Pick<InstanceOptions, 'launch' | 'spot'>): readonly TagGroup[] {
  const beside = [launch?.tags]
  return [
    { path: ['launch', 'tags'], tags: launch?.tags },
    { path: ['launch', 'volumeTags'], tags: launch?.volumeTags, beside },
    { path: ['spot', 'tags'], tags: spot?.tags, beside },
    { path: ['spot', 'fleetTags'], tags: spot?.fleetTags, beside },
  ]
}

/** All tags of an image. */
export function imageTagGroups(
  ami: Pick<AmiOptions, 'tags' | 'snapshotTags' | 'skipLaunchTags'>,
  launchTags: TagOptions | undefined,
): readonly TagGroup[] {
  const launched = ami.skipLaunchTags === true ? undefined : launchTags
  return [
    { path: ['ami', 'tags'], tags: ami.tags, beside: [launched] },
    { path: ['ami', 'snapshotTags'], tags: ami.snapshotTags, beside: [launched, ami.tags] },
  ]
}

const most = 50 - ownTags

/** Where several options together give one thing more tags than AWS allows. */
export function tagCountIssues(groups: readonly TagGroup[]): readonly Issue[] {
  return groups.flatMap(({ path, tags, beside = [] }): readonly Issue[] => {
    const count = new Set([tags, ...beside].flatMap((each) => Object.keys(each ?? {}))).size
    if (tags === undefined || count <= most) return []
    const message = `make ${count} tags with the others that the same things bear, and ${most} fit: AWS allows 50, and builds add their own`
    return [{ path, message }]
  })
}

/** AWS's limit on the value of a tag, in characters. */
const longestValue = 256
/** What tags of roles and instance profiles may hold; those of EC2 may hold anything. */
const iamText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/**
 * Which tags AWS would refuse, now that their functions can be asked.
 * @param forIam those that roles and instance profiles get, too
 */
export function tagValueIssues(
  groups: readonly TagGroup[],
  facts: Facts,
  { forIam }: { readonly forIam: TagOptions | undefined },
): readonly Issue[] {
  return groups.flatMap(({ path, tags = {} }) =>
    Object.entries(tags).flatMap(([key, option]): readonly Issue[] => {
      const value: unknown = resolveFacts(option, facts)
      const problem = problemOf(value) ?? (tags === forIam ? iamProblemOf(key, String(value)) : undefined)
      return problem === undefined ? [] : [{ path: [...path, key], message: problem }]
    }),
  )
}

function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be text, and its function makes ${value === null ? 'null' : typeof value}`
  if (value.length <= longestValue) return undefined
  return `has ${value.length} characters, and AWS takes ${longestValue}: '${value.slice(0, 20)}…'`
}

function iamProblemOf(key: string, value: string): string | undefined {
  const wrong = [key, value].find((text) => !iamText.test(text))
  if (wrong === undefined) return undefined
  return `is for the build's instance profile, too, whose tags hold letters, digits, spaces and _.:/=+-@ only: '${wrong.slice(0, 40)}'`
}
