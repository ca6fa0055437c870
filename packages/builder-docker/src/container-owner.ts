import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'

import { ImagoError, isImagoError } from '@imago/core'
import type { TarOwner } from '@imago/tar'
import { readEntries } from '@imago/tar'

import type { BuildContainer } from './build-container.ts'

/**
 * The numbers behind `user`, `uid`, `user:group` or `uid:gid`, as Docker reads them: the group of a user is its own by `/etc/passwd`,
 * else 0. Works without a shell.
 * @throws ImagoError `TRANSFER_FAILED` for a name that the container does not know
 */
export async function resolveOwner(container: BuildContainer, owner: string, signal?: AbortSignal): Promise<TarOwner> {
  const [user = '', group] = owner.split(':')
  if (user === '') return { uid: 0, gid: 0 }
  if (isNumber(user) && group !== undefined && isNumber(group)) return { uid: Number(user), gid: Number(group) }
  const account = (await accounts(container, '/etc/passwd', signal)).find(
    ({ name, id }) => name === user || (isNumber(user) && id === Number(user)),
  )
  if (account === undefined && !isNumber(user)) throw unknownName(container, 'user', user, '/etc/passwd')
  const uid = account?.id ?? Number(user)
  if (group === undefined || group === '') return { uid, gid: account?.group ?? 0 }
  if (isNumber(group)) return { uid, gid: Number(group) }
  const found = (await accounts(container, '/etc/group', signal)).find(({ name }) => name === group)
  if (found === undefined) throw unknownName(container, 'group', group, '/etc/group')
  return { uid, gid: found.id }
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

function unknownName(container: BuildContainer, kind: string, name: string, file: string): ImagoError {
  return new ImagoError('TRANSFER_FAILED', `container ${container.name} has no ${kind} '${name}' in its ${file}`, {
    hint: 'create it in an earlier step, or give its number',
  })
}

interface Account {
  readonly name: string
  readonly id: number
  /** Of a user: its group. */
  readonly group: number
}

/** The lines of `/etc/passwd` or `/etc/group`: name, password, id and, of a user, group. None where there is no such file. */
async function accounts(container: BuildContainer, path: string, signal: AbortSignal | undefined): Promise<readonly Account[]> {
  const lines = (await fileText(container, path, signal)).split('\n').map((line) => line.split(':'))
  return lines.flatMap(([name, , id = '', group = '']) =>
    name !== undefined && name !== '' && isNumber(id) ? [{ name, id: Number(id), group: isNumber(group) ? Number(group) : 0 }] : [],
  )
}

async function fileText({ engine, name }: BuildContainer, path: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    const archive = await engine.containers.getArchive(name, path, { signal })
    for await (const entry of readEntries(archive)) {
      if (entry.type === 'file') return await text(entry.content instanceof Uint8Array ? Readable.from([entry.content]) : entry.content)
    }
    return ''
  } catch (error) {
    if (isImagoError(error, 'INPUT_MISSING')) return ''
    throw error
  }
}
