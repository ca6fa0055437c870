import { spawn } from 'node:child_process'

import type { InnerTools } from './host-tools.ts'
import { openPipes } from './pipes.ts'
import type { RunningProcess } from './running-process.ts'
import { runningProcess } from './running-process.ts'

/**
 * What root may do in a root (capabilities(7)): what container engines allow, without making device nodes, and without giving files
 * capabilities, which layers would lose: installers make such programs set-user-id then.
 */
const capabilities = [
  'audit_write',
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'net_bind_service',
  'net_raw',
  'setgid',
  'setpcap',
  'setuid',
  'sys_chroot',
]

/** Where processes are started. */
export interface InnerProcessesOptions {
  /** A folder of this machine for pipes. */
  readonly directory: string
  /** The first process of the sandbox, as this machine counts. */
  readonly pid: number
  readonly tools: InnerTools
  /** The path of the program. */
  readonly nsenter: string
  /** Whether supplementary groups can be dropped: not where only one id is mapped. */
  readonly groups: boolean
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** How to start a process. */
export interface InnerProcessRequest {
  readonly command: readonly string[]
  /** Added to the root's own. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly signal: AbortSignal
}

/** Starts processes in a sandbox. */
export class InnerProcesses {
  readonly #options: InnerProcessesOptions

  constructor(options: InnerProcessesOptions) {
    this.#options = options
  }

  /** The first process of the sandbox, as this machine counts. */
  get pid(): number {
    return this.#options.pid
  }

  /** Starts a program, which leads a session of its own. One that does not exist ends with 127, as with a shell. */
  async start(request: InnerProcessRequest): Promise<RunningProcess> {
    const pipes = await openPipes(this.#options.directory, request.signal)
    const env = Object.entries({ ...this.#options.env, ...request.env })
    const forLoader = env.filter(([name]) => isForLoader(name)).map(([name, value]) => `${name}=${value}`)
    const child = spawn(this.#options.nsenter, this.#arguments(request, forLoader), {
      env: Object.fromEntries(env.filter(([name]) => !isForLoader(name))),
      stdio: [...pipes.ends],
      detached: true,
      cwd: '/',
    })
    pipes.closeEnds()
    return await runningProcess(child, pipes)
  }

  /** Enters the namespaces, gives up what root has no need of there, and only then becomes the program. */
  #arguments({ command, cwd = this.#options.cwd }: InnerProcessRequest, variables: readonly string[]): string[] {
    const { pid, tools, groups } = this.#options
    const bounding = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
    const enter = ['--target', String(pid), '--user', '--mount', '--pid', '--ipc', '--uts', '--preserve-credentials']
    const giveUp = [...tools.command('setpriv'), '--bounding-set', bounding, '--inh-caps', '-all']
    const prepare = [...tools.command('env'), '--chdir', cwd, ...variables]
    return [...enter, ...giveUp, ...(groups ? ['--clear-groups'] : []), ...prepare, ...command]
  }
}

/** What changes how programs of this machine are loaded may only be set inside. It is no secret, and so may stand in a process list. */
function isForLoader(name: string): boolean {
  return name.startsWith('LD_') || name === 'GLIBC_TUNABLES'
}
