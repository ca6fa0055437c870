import type { Emit, OutputSink } from '@imago/core'

import type { HostCounts, TaskResult } from './playbook-events.ts'
import { EventReader } from './playbook-events.ts'
import { playbookError } from './playbook-error.ts'

/** So much of the end of standard error is kept for the error, in characters. */
const keptStderr = 32 * 1024

/** Where a {@link PlaybookReport} sends what it reads. */
export interface PlaybookReportOptions {
  /** As the definition names it. */
  readonly playbook: string
  readonly output: OutputSink
  readonly emit: Emit
}

/** Follows a run of `ansible-playbook` that uses the callback plugin: shows its output, counts its tasks, and says how it ended. */
export class PlaybookReport {
  readonly #options: PlaybookReportOptions
  readonly #reader: EventReader
  #tasks = 0
  #failed: TaskResult | undefined
  /** Hosts on which a task has ended. */
  readonly #reached = new Set<string>()
  #hosts: Readonly<Record<string, HostCounts>> = {}
  #hasPlays = false
  #stderr = ''

  constructor(options: PlaybookReportOptions) {
    const { output, emit } = options
    const task = taskOf(options)
    this.#options = options
    this.#reader = new EventReader(
      (event) => {
        if (event.event === 'play') this.#hasPlays = true
        if (event.event === 'task') emit({ type: 'progress', task, done: ++this.#tasks, unit: 'items' })
        if (event.event === 'stats') this.#hosts = event.hosts
        if (event.event === 'result') this.#take(event)
      },
      (chunk) => output('stdout', chunk),
    )
  }

  /** Takes output of the program. */
  readonly onOutput: OutputSink = (stream, chunk) => {
    if (stream === 'stdout') {
      this.#reader.take(chunk)
      return
    }
    this.#stderr = (this.#stderr + Buffer.from(chunk).toString('utf8')).slice(-keptStderr)
    this.#options.output('stderr', chunk)
  }

  /**
   * Says how the tasks of each host ended, to people and to programs.
   * @throws ImagoError `COMMAND_FAILED` with the task, host and message when the program failed, or when no play was for any host; `NETWORK`
   * when Ansible did not reach one, `DISCONNECTED` when it did not any more.
   */
  finish(exitCode: number): void {
    this.#reader.end()
    const { playbook, emit } = this.#options
    if (this.#tasks > 0) emit({ type: 'progress', task: taskOf(this.#options), done: this.#tasks, total: this.#tasks, unit: 'items' })
    for (const [host, counts] of Object.entries(this.#hosts)) {
      const { failures: failed, ...others } = counts
      emit({ type: 'message', level: 'info', text: `${host}: ${describeCounts(counts)}`, data: { playbook, host, failed, ...others } })
    }
    const isForNobody = this.#hasPlays && Object.keys(this.#hosts).length === 0
    if (exitCode === 0 && !isForNobody) return
    const failed = this.#failed
    const wasReached = failed !== undefined && this.#reached.has(failed.host)
    throw playbookError({ playbook, exitCode, failed, wasReached, stderr: this.#stderr, isForNobody })
  }

  #take(result: TaskResult): void {
    if ((result.status === 'failed' || result.status === 'unreachable') && !result.ignored) this.#failed = result
    if (result.status !== 'unreachable') this.#reached.add(result.host)
  }
}

/** What the progress of a playbook is called. */
function taskOf({ playbook }: PlaybookReportOptions): string {
  return `tasks of ${playbook}`
}

/** `5 ok, 2 changed`: what Ansible counts as ok includes what changed. */
function describeCounts({ ok, changed, failures, unreachable, skipped, rescued, ignored }: HostCounts): string {
  const counts = { changed, failed: failures, unreachable, skipped, rescued, ignored }
  const others = Object.entries(counts).filter(([label, count]) => count > 0 || label === 'changed')
  return [`${ok} ok`, ...others.map(([label, count]) => `${count} ${label}`)].join(', ')
}
