import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import type { ProvisionContext, Resource, ResourceKind } from '@imago/core'
import { isImagoError, runLocal } from '@imago/core'

/** What the journal keeps of a {@link sessionFolder}. */
export interface SessionFolderData {
  readonly path: string
  readonly [member: string]: string
}

const namePrefix = 'imago-'

/**
 * A folder with the files of one run of `ansible-playbook`: keys, inventory, variables. OpenSSH's shared connections have their sockets in
 * it; they end with it. It is a short path in the system's folder for temporary files, since the path of a socket may have 100 characters.
 */
export const sessionFolder: ResourceKind<SessionFolderData> = {
  kind: 'ansible-session',
  package: '@imago/provisioner-ansible',
  async destroy({ data: { path } }, signal) {
    if (!basename(path).startsWith(namePrefix)) return
    for (const socket of await socketsOf(path)) await endConnection(socket, signal)
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  },
}

/** Where the sockets of shared connections are. */
export function socketFolder(path: string): string {
  return join(path, 'c')
}

/** Makes a {@link sessionFolder}. Only its owner can look into it. */
export async function openSessionFolder(ctx: Pick<ProvisionContext, 'resources' | 'runId' | 'build'>): Promise<Resource<string>> {
  const path = join(tmpdir(), `${namePrefix}${randomBytes(5).toString('hex')}`)
  return await ctx.resources.acquire({
    kind: sessionFolder,
    name: `${ctx.runId}-${ctx.build}-${basename(path)}`,
    data: { path },
    async create() {
      await mkdir(socketFolder(path), { recursive: true, mode: 0o700 })
      return path
    },
  })
}

/** The sockets of the shared connections of a session. */
export async function socketsOf(path: string): Promise<readonly string[]> {
  const folder = socketFolder(path)
  const names = await readdir(folder).catch(() => []) // it is gone, or never was
  return names.map((name) => join(folder, name))
}

/** Ends a shared connection of OpenSSH. One that has ended already is no error. */
async function endConnection(socket: string, signal: AbortSignal): Promise<void> {
  try {
    await runLocal({ command: ['ssh', '-F', 'none', '-o', `ControlPath=${socket}`, '-O', 'exit', 'machine'], signal })
  } catch (error) {
    if (!isImagoError(error, 'TOOL_MISSING')) throw error
  }
}
