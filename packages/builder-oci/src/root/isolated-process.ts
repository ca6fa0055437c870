import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'

import { ImagoError, messageOf } from '@imago/core'

import { programDirectories } from '../host/environment.ts'
import { requireProgram } from '../host/programs.ts'
import { firstLine, runTool } from '../host/run-tool.ts'
import type { IdMap, IdRange } from './id-map.ts'
import { idMapTools } from './id-map.ts'

/** A program to run as root of a user namespace of its own. */
export interface IsolatedProcessOptions {
  readonly command: readonly string[]
  /** Absolute. */
  readonly cwd: string
  readonly ids: IdMap
  /** Opens a channel for messages, as `fork` of `node:child_process` does. @default false */
  readonly channel?: boolean
  readonly signal: AbortSignal
}

/** Says that it runs, waits until its ids are mapped, and becomes the program, which the system kills when its parent ends. */
const handshake = 'echo; read -r line && exec setpriv --pdeathsig KILL "$@"'

/**
 * Starts a program in a new user and mount namespace, where it is root, with all capabilities over what belongs to the namespace.
 * Nothing that it mounts is seen outside. The system kills it when this process ends, however that ends.
 * @throws ImagoError `UNSUPPORTED` when the system does not allow it, `TOOL_MISSING`
 */
export async function startIsolated(options: IsolatedProcessOptions): Promise<ChildProcess> {
  const [unshare] = await Promise.all(['unshare', 'setpriv'].map((name) => requireProgram(name, "install 'util-linux'")))
  if (unshare === undefined) throw new ImagoError('INTERNAL', 'a required program was not found')
  const isolate = ['--user', '--mount', '--propagation', 'private', '/bin/sh', '-c', handshake, 'imago']
  const child = spawn(unshare, [...isolate, ...options.command], {
    cwd: options.cwd,
    env: { PATH: programDirectories().join(':'), LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe', ...(options.channel === true ? (['ipc'] as const) : [])],
    detached: true, // a Ctrl-C in the terminal is for this process, which ends the other one in its own time
    serialization: 'advanced',
  })
  child.stdin?.on('error', () => undefined) // one that has ended says so by its exit
  try {
    await isUnshared(child)
    await mapIds(child.pid ?? 0, options.ids, options.signal)
    child.stdin?.end('\n')
    return child
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

function isUnshared(child: ChildProcess): Promise<void> {
  const said: Uint8Array[] = []
  child.stderr?.on('data', (chunk: Uint8Array) => said.push(chunk))
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('error', reject)
    child.once('close', () => {
      const why = firstLine(Buffer.concat(said).toString())
      reject(new ImagoError('UNSUPPORTED', `this machine allows no user namespace: ${why}`))
    })
  })
}

/** Writes the maps of user_namespaces(7). */
async function mapIds(pid: number, ids: IdMap, signal: AbortSignal): Promise<void> {
  try {
    if (ids.kind === 'subordinate') {
      const tools = await idMapTools()
      await runTool(tools?.newuidmap ?? 'newuidmap', [String(pid), ...mapArguments(ids.uids)], { signal })
      await runTool(tools?.newgidmap ?? 'newgidmap', [String(pid), ...mapArguments(ids.gids)], { signal })
      return
    }
    if (ids.kind === 'single') await writeFile(`/proc/${pid}/setgroups`, 'deny') // without it, the next but one is refused
    await writeFile(`/proc/${pid}/uid_map`, mapLines(ids.uids))
    await writeFile(`/proc/${pid}/gid_map`, mapLines(ids.gids))
  } catch (error) {
    throw new ImagoError('UNSUPPORTED', `this machine allows no user namespace with other ids: ${messageOf(error)}`, { cause: error })
  }
}

function mapArguments(ranges: readonly IdRange[]): string[] {
  return ranges.flatMap(({ inside, outside, count }) => [String(inside), String(outside), String(count)])
}

function mapLines(ranges: readonly IdRange[]): string {
  return ranges.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('')
}
