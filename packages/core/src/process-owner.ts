import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Names this process beyond the reuse of process ids: host, boot, process id and start time. Journals and labels carry it, so that
 * `imago sweep` can tell a run that was killed from one that is running.
 */
export function processOwner(): string {
  return [hostname(), bootId(), process.pid, startTime(process.pid) ?? '-'].join('/')
}

/** Whether the process that an owner names is running; `undefined` when it is on another machine, which cannot be asked. */
export function isOwnerAlive(owner: string): boolean | undefined {
  const [host, boot, pid, started] = owner.split('/')
  if (host !== hostname()) return undefined
  if (boot !== bootId()) return false
  if (!isRunning(Number(pid))) return false
  return started === '-' || startTime(Number(pid)) === started
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Differs after each start of the machine; empty where the system does not say. */
function bootId(): string {
  return (readIfThere('/proc/sys/kernel/random/boot_id') ?? '').trim().slice(0, 8)
}

/** When a process started, in clock ticks since boot (proc(5), /proc/pid/stat, field 22). */
function startTime(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // not Linux, or the process is gone
  }
}
