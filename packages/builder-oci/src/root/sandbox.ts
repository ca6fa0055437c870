import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ImagoError } from '@imago/core'

import { firstLine } from '../host/run-tool.ts'
import type { MountPoint } from '../tree/tree.ts'
import type { HostTools } from './host-tools.ts'
import { toolsIn } from './host-tools.ts'

/** What is mounted over a root, in this order. */
export const mountPoints: readonly MountPoint[] = [
  { path: 'proc', kind: 'directory' },
  { path: 'dev', kind: 'directory' },
  { path: 'etc/resolv.conf', kind: 'file' },
  { path: 'etc/hosts', kind: 'file' },
]

/** The machine's name inside: the same everywhere, so that it cannot make two images differ. */
const hostName = 'imago'
const hosts = `127.0.0.1\tlocalhost ${hostName}\n::1\tlocalhost ip6-localhost ip6-loopback\n`

/** Where the tools are inside. `/dev` is no part of the image. */
export const toolDirectory = '/dev/.imago'

/** What a sandbox is made of. */
export interface SandboxOptions {
  /** A directory for what is mounted. Absolute. */
  readonly directory: string
  /** The root: a mount point. Absolute. */
  readonly root: string
  /** Where {@link mountPoints} are in the root. */
  readonly places: readonly string[]
  readonly tools: HostTools
  /** What stands in `/etc/resolv.conf`. */
  readonly resolvConf: string
}

/** The processes of a root: namespaces for mounts, process ids, IPC and the host name, and nothing to see but the root. */
export interface Sandbox {
  /** Its first process, as this machine counts. */
  readonly pid: number
  /** Resolves when it has ended, and with it every process in it. */
  readonly ended: Promise<void>
  /** Kills every process in it. */
  stop(): Promise<void>
}

/**
 * The first process: mounts, changes the root, lets the old one go, says its process id, and then adopts orphans. It ends when its
 * parent does: by --kill-child, and because its control pipe (descriptor 3) ends. A subshell does the waiting, because a shell only
 * collects orphans while it waits for a child; when a step kills that subshell, there is another.
 */
const init = `
set -e
fstab=$1 root=$2 old=$3
shift 3
read -r pid rest </proc/self/stat
hostname ${hostName} 2>/dev/null || :
mount -a -T "$fstab"
cd "$root"
pivot_root . "$old"
cd /
"$@" "/$old"
echo "$pid" >&4
while :; do
  (read -r line <&3) || [ $? -gt 128 ] || exit 0
done`

/**
 * Starts a sandbox. This process has all capabilities in its own user and mount namespace.
 * @throws ImagoError `PROVIDER_FAILED` with what the tools say
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { directory, root, tools } = options
  const [, dev = ''] = options.places
  const fstab = join(directory, 'fstab')
  await makeDevices(join(directory, 'dev'))
  const inside = await toolsIn(tools, join(directory, 'tools'), toolDirectory)
  await writeFile(join(directory, 'resolv.conf'), options.resolvConf)
  await writeFile(join(directory, 'hosts'), hosts)
  await writeFile(fstab, mountTable(options).map(fstabLine).join(''))
  const isolate = ['unshare', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--propagation', 'private']
  const script = ['sh', '-c', init, 'imago-init', fstab, root, `${dev}/.old`, ...inside.command('umount'), '-l']
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...isolate, ...script], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit').then(() => undefined)
  ended.catch(() => undefined) // that it cannot be started is told below
  return { pid: await readPid(child), ended, stop: () => stop(child, ended) }
}

/** The first process says it on descriptor 4; on standard error, the tools say what went wrong. */
function readPid(child: ChildProcess): Promise<number> {
  const [, , complaints, , answers] = child.stdio
  const said: Uint8Array[] = []
  complaints?.on('data', (chunk: Uint8Array) => said.push(chunk))
  return new Promise((resolve, reject) => {
    answers?.once('data', (chunk: Uint8Array) => resolve(Number(Buffer.from(chunk).toString())))
    child.once('error', reject)
    child.once('close', () => {
      const why = firstLine(Buffer.concat(said).toString())
      reject(new ImagoError('PROVIDER_FAILED', `the root for commands cannot be set up: ${why}`))
    })
  })
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGKILL') // and --kill-child kills the first process, and the system with it all others
  await ended
}

/** A few devices of this machine, and what programs expect beside them. */
const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty']
const deviceLinks = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
}

async function makeDevices(directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o755 })
  for (const name of ['pts', 'shm', '.old', '.imago']) await mkdir(join(directory, name), { mode: 0o755 })
  for (const name of devices) await writeFile(join(directory, name), '')
  for (const [name, target] of Object.entries(deviceLinks)) await symlink(target, join(directory, name))
}

interface Mount {
  readonly what: string
  readonly where: string
  readonly type: 'none' | 'proc' | 'devpts' | 'tmpfs'
  readonly options: string
}

/** Parts of `/proc` that speak of the whole machine: not to be written, or not to be read either. As container engines have them. */
const readOnlyProc = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger']
const hiddenProc = ['kcore', 'keys', 'latency_stats', 'sched_debug', 'timer_list']

function mountTable({ directory, root, places }: SandboxOptions): Mount[] {
  const [proc, dev, resolvConf, hostsFile] = places.map((place) => join(root, place))
  if (proc === undefined || dev === undefined || resolvConf === undefined || hostsFile === undefined) return []
  return [
    bind(root, root, 'nodev'), // a root must be a mount point to be changed to
    { what: 'proc', where: proc, type: 'proc', options: 'nosuid,nodev,noexec' },
    ...readOnlyProc.filter(isInProc).map((name) => bind(join(proc, name), join(proc, name), 'ro,nosuid,nodev,noexec')),
    ...hiddenProc.filter(isInProc).map((name) => bind('/dev/null', join(proc, name), 'nosuid,noexec')),
    bind(join(directory, 'dev'), dev, 'nosuid,nodev,noexec'),
    { what: 'devpts', where: join(dev, 'pts'), type: 'devpts', options: 'newinstance,ptmxmode=0666,mode=620,nosuid,noexec' },
    { what: 'tmpfs', where: join(dev, 'shm'), type: 'tmpfs', options: 'nosuid,nodev,noexec,mode=1777,size=65536k' },
    ...devices.map((name) => bind(join('/dev', name), join(dev, name), 'nosuid,noexec')),
    bind(join(directory, 'tools'), join(dev, '.imago'), 'ro,nosuid,nodev'),
    bind(join(directory, 'resolv.conf'), resolvConf, 'nosuid,nodev,noexec'),
    bind(join(directory, 'hosts'), hostsFile, 'nosuid,nodev,noexec'),
  ]
}

function bind(what: string, where: string, options: string): Mount {
  return { what, where, type: 'none', options: `bind,${options}` }
}

function isInProc(name: string): boolean {
  return existsSync(join('/proc', name))
}

function fstabLine({ what, where, type, options }: Mount): string {
  return `${octal(what)} ${octal(where)} ${type} ${options} 0 0\n`
}

/** As fstab(5) wants its fields. */
function octal(text: string): string {
  return text.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
