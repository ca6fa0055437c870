import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

import { runTool } from './run-tool.ts'

/** How long a process that was killed may take to be gone, in milliseconds: one that hangs in the kernel. */
const giveUpMs = 5000
const pollMs = 10

/** A process of this machine. */
interface LocalProcess {
  readonly pid: number
  /** Its program and arguments; where the system does not tell them apart, as words. */
  readonly command: readonly string[]
}

/** What tells the processes of a virtual machine from others. */
export interface MachineMark {
  /** The machine's name, which QEMU has in its command line. */
  readonly name: string
  /** Where its sockets are: the emulator of its TPM has it in its command line. */
  readonly folder: string
}

/**
 * Kills the processes of a virtual machine, QEMU and the emulator of its TPM, and waits until they are gone. None is no error.
 * @returns the process ids of those that are still there after some seconds
 */
export async function killMachine(mark: MachineMark, signal: AbortSignal): Promise<readonly number[]> {
  const until = performance.now() + giveUpMs
  for (;;) {
    const left = (await localProcesses(signal)).filter((process) => belongsTo(process, mark))
    for (const { pid } of left) kill(pid)
    if (left.length === 0 || performance.now() > until) return left.map(({ pid }) => pid)
    await delay(pollMs, undefined, { signal })
  }
}

/** By arguments that only we give: what an editor or a shell has in its command line is something else. */
function belongsTo({ command }: LocalProcess, { name, folder }: MachineMark): boolean {
  const follows = (option: string, value: string): boolean => command.some((word, at) => word === option && command[at + 1] === value)
  return follows('-name', `guest=${name}`) || follows('--ctrl', tpmControl(folder))
}

/** The option that says where the TPM's emulator is to be asked. */
export function tpmControl(folder: string): string {
  return `type=unixio,path=${tpmSocket(folder)}`
}

/** Where the TPM's emulator is to be asked. */
export function tpmSocket(folder: string): string {
  return `${folder}/tpm`
}

async function localProcesses(signal: AbortSignal): Promise<LocalProcess[]> {
  if (process.platform !== 'linux') return await listedProcesses(signal)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') // it has ended meanwhile
      return { pid: Number(pid), command: line.split('\0') }
    }),
  )
}

/** With ps(1) of POSIX; our arguments hold no spaces. */
async function listedProcesses(signal: AbortSignal): Promise<LocalProcess[]> {
  const { stdout } = await runTool(['ps', '-A', '-ww', '-o', 'pid=', '-o', 'args='], { signal })
  return stdout.split('\n').map((line) => {
    const [pid, ...command] = line.trim().split(/\s+/)
    return { pid: Number(pid), command }
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it is gone, or somebody else's: the next look tells
  }
}
