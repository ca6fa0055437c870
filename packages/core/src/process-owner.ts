import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Names this process beyond the reuse of process ids: host, boot, space of process ids, process id and start time. Journals and labels
 * carry it, so that `imago sweep` can tell a run that was killed from one that is running.
 */
export function processOwner(): string {
  return [hostId(), bootId(), pidSpace(), process.pid, stateOf(process.pid)?.started ?? '-'].join('/')
}

/** Whether the process that an owner names is running; `undefined` when it is on another machine or in another container, which cannot be asked. */
export function isOwnerAlive(owner: string): boolean | undefined {
  const [host, boot, space, pid, started] = owner.split('/')
  if (host !== hostId()) return undefined
  if (boot !== bootId()) return false
  if (space !== pidSpace()) return undefined
  if (!exists(Number(pid))) return false
  const found = stateOf(Number(pid))
  if (found === undefined || started === '-') return true // the system does not tell, or not us
  return found.started === started && !found.ended
}

/** Whether there is such a process, running or ended and not yet collected by its parent. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Tells machines of one name apart (machine-id(5)): those of a cloud, made from one image, may all be called `localhost`. */
function hostId(): string {
  const machine = readIfThere('/etc/machine-id')?.trim() ?? ''
  return `${hostname()}-${createHash('sha256').update(`imago ${machine}`).digest('hex').slice(0, 8)}` // the id itself is not for others to see
}

/** Differs after each start of the machine; empty where the system does not say. */
function bootId(): string {
  return (readIfThere('/proc/sys/kernel/random/boot_id') ?? '').trim().slice(0, 8)
}

/** Containers count processes on their own (pid_namespaces(7)): a number of one means nothing in another. Empty where the system does not say. */
function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')
  } catch {
    return '' // not Linux
  }
}

interface ProcessState {
  /** In clock ticks since boot. */
  readonly started: string
  readonly ended: boolean
}

/** When a process started and whether it has ended (proc_pid_stat(5), fields 22 and 3). `undefined` where the system does not say. */
function stateOf(pid: number): ProcessState | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  const [state, ...rest] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  const started = rest[18]
  return started === undefined ? undefined : { started, ended: state === 'Z' || state === 'X' }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // not Linux, or the process is gone
  }
}
