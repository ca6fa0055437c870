import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'

import { findProgram } from '../host/programs.ts'

/** Ids inside a user namespace, and what they are outside: so many, one after the other. */
export interface IdRange {
  readonly inside: number
  readonly outside: number
  readonly count: number
}

/**
 * Which users and groups there are inside the user namespace of a root.
 * - `'identity'`: all of this machine's, as they are; for root.
 * - `'subordinate'`: root inside is this user, the others are the ids that /etc/subuid and /etc/subgid give to this user.
 * - `'single'`: root inside is this user, and there is nobody else.
 */
export interface IdMap {
  readonly kind: 'identity' | 'subordinate' | 'single'
  readonly uids: readonly IdRange[]
  readonly gids: readonly IdRange[]
}

/** The programs that may map subordinate ids, from Debian's `uidmap` (`shadow-utils` elsewhere). */
export interface IdMapTools {
  readonly newuidmap: string
  readonly newgidmap: string
}

/** Ids that images use: up to 65535. */
const usualCount = 65_536

/** The map with only this user. */
export function singleIdMap(): IdMap {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  return { kind: 'single', uids: [{ inside: 0, outside: uid, count: 1 }], gids: [{ inside: 0, outside: gid, count: 1 }] }
}

/** The richest map that this user may have. */
export async function bestIdMap(): Promise<IdMap> {
  if (process.getuid?.() === 0) {
    const [uids, gids] = await Promise.all([ownIds('/proc/self/uid_map'), ownIds('/proc/self/gid_map')])
    return { kind: 'identity', uids, gids }
  }
  const [uid, gid, tools] = await Promise.all([subordinateIds('/etc/subuid'), subordinateIds('/etc/subgid'), idMapTools()])
  const single = singleIdMap()
  if (uid === undefined || gid === undefined || tools === undefined) return single
  return { kind: 'subordinate', uids: [...single.uids, uid], gids: [...single.gids, gid] }
}

/** Where the programs are that map subordinate ids, or `undefined`. */
export async function idMapTools(): Promise<IdMapTools | undefined> {
  const [newuidmap, newgidmap] = await Promise.all([findProgram('newuidmap'), findProgram('newgidmap')])
  return newuidmap === undefined || newgidmap === undefined ? undefined : { newuidmap, newgidmap }
}

/** All ids of this process's own namespace, see user_namespaces(7). */
async function ownIds(path: string): Promise<IdRange[]> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n')
  return lines.map((line) => {
    const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number)
    return { inside, outside: inside, count }
  })
}

/** The first range that subuid(5) or subgid(5) gives to this user. */
async function subordinateIds(path: string): Promise<IdRange | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return parseSubordinateIds(text, [...userNames(), String(process.getuid?.())])
}

/** A user need not have a name: containers run as any number. */
function userNames(): string[] {
  try {
    return [userInfo().username]
  } catch {
    return []
  }
}

/** The first range of any of the names in a file like subuid(5), for ids from 1 on. */
export function parseSubordinateIds(text: string, names: readonly string[]): IdRange | undefined {
  const line = text
    .split('\n')
    .map((each) => each.split(':'))
    .find(([name = '']) => names.includes(name))
  const [outside, count] = [Number(line?.[1]), Number(line?.[2])]
  return outside > 0 && count > 0 ? { inside: 1, outside, count: Math.min(count, usualCount - 1) } : undefined
}
