import { readFileSync } from 'node:fs'

import { ImagoError } from '@imago/core'

import { bytePath } from '../byte-path.ts'
import type { Attributes } from './attributes.ts'
import type { Directory } from './directory.ts'
import { lookUp } from './resolve.ts'

type Owner = Pick<Attributes, 'uid' | 'gid'>

/**
 * The numbers of `user:group`. Names are looked up in the root's own passwd(5) and group(5). Without a group, it is the user's own, or
 * root's for a number that has no name.
 * @throws ImagoError `TRANSFER_FAILED` for a name that the root does not know
 */
export function ownerIn(root: Directory, owner: string | undefined): Owner {
  if (owner === undefined) return { uid: 0, gid: 0 }
  const [user = '', group] = owner.split(':')
  const [uid, ownGroup] = isNumber(user) ? [Number(user), undefined] : lookUpName(root, '/etc/passwd', user, [2, 3])
  if (uid === undefined) throw unknownName('user', user, owner)
  if (group === undefined || group === '') return { uid, gid: ownGroup ?? groupOfNumber(root, user) }
  const [gid] = isNumber(group) ? [Number(group)] : lookUpName(root, '/etc/group', group, [2])
  if (gid === undefined) throw unknownName('group', group, owner)
  return { uid, gid }
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text)
}

function lookUpName(root: Directory, path: string, name: string, fields: readonly number[]): (number | undefined)[] {
  const line = linesOf(root, path).find((candidate) => candidate[0] === name)
  return fields.map((field) => (line?.[field] === undefined ? undefined : Number(line[field])))
}

function groupOfNumber(root: Directory, uid: string): number {
  const line = linesOf(root, '/etc/passwd').find((candidate) => candidate[2] === uid)
  return Number(line?.[3] ?? 0)
}

function linesOf(root: Directory, path: string): string[][] {
  using place = lookUp(root, bytePath(path), { follow: true })
  if (place?.stats?.isFile() !== true) return []
  return readFileSync(place.path(), 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
}

function unknownName(kind: 'user' | 'group', name: string, owner: string): ImagoError {
  return new ImagoError('TRANSFER_FAILED', `the root knows no ${kind} '${name}' (owner '${owner}')`, {
    hint: `add the ${kind} in an earlier step, or give numbers`,
  })
}
