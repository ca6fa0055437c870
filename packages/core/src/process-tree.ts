import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** How long to wait for what SIGKILL does not end at once: a process that hangs in the kernel. */
const giveUpAfterMs = 5000
const pollMs = 15

/**
 * Ends a process group and every descendant of it: SIGTERM first, SIGKILL after `graceMs` milliseconds. Resolves when none is left.
 * On Linux those that moved to another group or session are found through `/proc`, as long as their parents are alive; elsewhere only
 * the group is ended, on Windows only the process itself.
 */
export async function endProcessTree(leader: number, graceMs: number): Promise<void> {
  const tree = process.platform === 'linux' ? procTree(leader) : groupTree(leader)
  const killAt = performance.now() + graceMs
  while (await tree.signal('SIGTERM')) {
    if (performance.now() >= killAt) break
    await delay(pollMs)
  }
  while ((await tree.signal('SIGKILL')) && performance.now() < killAt + giveUpAfterMs) await delay(pollMs)
}

interface ProcessTree {
  /** Sends a signal to all that are alive, SIGTERM only once to each; says whether any was. */
  signal(name: 'SIGTERM' | 'SIGKILL'): Promise<boolean>
}

function groupTree(leader: number): ProcessTree {
  const target = process.platform === 'win32' ? leader : -leader
  let asked = false
  return {
    signal(name) {
      const signal = name === 'SIGTERM' && asked ? 0 : name
      asked = true
      return Promise.resolve(send(target, signal))
    },
  }
}

function procTree(leader: number): ProcessTree {
  const known = new Map<number, string>()
  return {
    async signal(name) {
      const members = membersOf(leader, await readProcesses(), known)
      if (name === 'SIGKILL') send(-leader, name) // the whole group in one moment, so that none can fork away
      for (const { pid, started } of members) {
        if (name === 'SIGKILL' || known.get(pid) !== started) send(pid, name)
        known.set(pid, started)
      }
      return members.length > 0
    },
  }
}

interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** In clock ticks since boot: with the pid it names a process for good. */
  readonly started: string
}

function membersOf(leader: number, processes: readonly ProcessEntry[], known: ReadonlyMap<number, string>): ProcessEntry[] {
  const isRoot = (entry: ProcessEntry): boolean =>
    entry.group === leader || entry.session === leader || known.get(entry.pid) === entry.started
  const pids = new Set(processes.filter(isRoot).map(({ pid }) => pid))
  for (let size = -1; size !== pids.size;) {
    size = pids.size
    for (const { pid, parent } of processes) if (pids.has(parent)) pids.add(pid)
  }
  return processes.filter(({ pid }) => pids.has(pid))
}

/** All processes of this machine that have not ended, by `/proc/<pid>/stat` (proc_pid_stat(5)). */
async function readProcesses(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const entries = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'latin1').then(parseStat, () => undefined)))
  return entries.filter((entry) => entry !== undefined)
}

function parseStat(stat: string): ProcessEntry | undefined {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group, session] = afterName
  const started = afterName[19]
  if (state === undefined || started === undefined || state === 'Z' || state === 'X') return undefined
  return { pid: Number.parseInt(stat, 10), parent: Number(parent), group: Number(group), session: Number(session), started }
}

/** Sends a signal; a process that is gone, or is not ours, is no error. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
