import { notFound, runCmd } from './cmd.ts'
import type { Job, JobHandler } from './job.ts'
import { isOwnScript, runOwnScript } from './own-scripts.ts'

/** What the stand-in can run. */
export class Programs {
  /** How often it was started: the time of the last start is told by it. */
  starts = 1
  readonly #others: { readonly pattern: RegExp; readonly handler: JobHandler }[] = []
  readonly #restart: () => void

  constructor(restart: () => void) {
    this.#restart = restart
  }

  on(pattern: RegExp, handler: JobHandler): void {
    this.#others.unshift({ pattern, handler })
  }

  async run(job: Job): Promise<number> {
    const known = this.#handlerFor(job)
    if (known !== undefined) return await known(job)
    return await runCmd(job, job.line, async (inner, line) => {
      const handler = this.#handlerFor({ ...inner, line, script: undefined })
      return handler === undefined ? notFound : await handler(Object.assign(Object.create(inner) as Job, { line })) // the same, with another line
    })
  }

  #handlerFor({ line, script }: Pick<Job, 'line' | 'script'>): JobHandler | undefined {
    const found = this.#others.find(({ pattern }) => pattern.test(line) || (script !== undefined && pattern.test(script)))
    if (found !== undefined) return found.handler
    if (script !== undefined && isOwnScript(script)) return runOwnScript
    if (/^shutdown(?:\.exe)? .*\/r/i.test(line)) {
      return () => {
        setImmediate(this.#restart)
        return 0
      }
    }
    if (!/^powershell .*lsass\.exe/.test(line)) return undefined
    return (job) => {
      job.write('stdout', `202611230900${String(this.starts).padStart(2, '0')}.000000+000\r\n`)
      return 0
    }
  }
}
