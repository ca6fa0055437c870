import { appendFile } from 'node:fs/promises'

import type { EventListener, Plan } from '@imago/core'
import { errorToJson, fileSystemError } from '@imago/core'
import type { RunRecord } from '@imago/report'

import { usageError } from './arguments.ts'
import type { Host } from './host.ts'
import { checkReportFile, writeReportFile } from './report-file.ts'
import { errorLines } from './report/error-lines.ts'
import { lookOf } from './report/look.ts'

/** What is to be written of a run beside its display. */
export interface RunOutputOptions {
  /** The file for the page. */
  readonly report: string | undefined
  /** The file for JUnit XML. */
  readonly junit: string | undefined
  readonly noColor: boolean
}

/** What is written of a run when it is over: files that the user asks for, and what GitHub Actions reads. */
export interface RunOutputs {
  /** Takes each event of the run, in order. */
  readonly onEvent: EventListener
  /**
   * Writes everything, each past the failure of the others, which stderr tells; nothing when the run did not begin.
   * @param plans what was to be built
   * @returns whether every file was written that the user asked for
   */
  write(plans: () => readonly Plan[]): Promise<boolean>
}

interface WantedFile {
  readonly path: string
  readonly textOf: (record: RunRecord) => string
}

/**
 * Prepares what is to be written of a run; `undefined` when nothing is.
 * @throws ImagoError `USAGE` when a file cannot be written
 */
export async function prepareRunOutputs(options: RunOutputOptions, host: Host): Promise<RunOutputs | undefined> {
  const { gitHub } = host.environment
  if (options.report === undefined && options.junit === undefined && gitHub === undefined) return undefined
  const { githubAnnotations, githubSummary, htmlReport, junitXml, RunRecorder } = await import('@imago/report')
  const files = [
    ...(await wantedFile(options.report, '--report', htmlReport, host)),
    ...(await wantedFile(options.junit, '--junit', junitXml, host)),
  ]
  if (new Set(files.map(({ path }) => path)).size < files.length) throw usageError('--report and --junit name the same file')
  const recorder = new RunRecorder()
  const tell = failureTeller(host, options)
  return {
    onEvent: recorder.onEvent,
    async write(plans) {
      if (!recorder.hasBegun) return true
      const record = recorder.record(plans())
      if (gitHub !== undefined) {
        host.stderr.write(githubAnnotations(record))
        if (gitHub.summaryFile !== undefined) await appendSummary(gitHub.summaryFile, githubSummary(record)).catch(tell)
      }
      const written = files.map(({ path, textOf }) => writeReportFile(path, textOf(record)).then(() => true, tell))
      return (await Promise.all(written)).every(Boolean)
    },
  }
}

async function wantedFile(
  path: string | undefined,
  option: string,
  textOf: WantedFile['textOf'],
  { cwd }: Host,
): Promise<readonly WantedFile[]> {
  return path === undefined ? [] : [{ path: await checkReportFile(path, option, cwd), textOf }]
}

async function appendSummary(path: string, text: string): Promise<void> {
  try {
    await appendFile(path, text)
  } catch (error) {
    throw fileSystemError(error, `cannot write the job summary '${path}'`)
  }
}

/** Says on stderr what could not be written. */
function failureTeller(host: Host, options: RunOutputOptions): (error: unknown) => false {
  const { style } = lookOf(host, 'stderr', options)
  return (error) => {
    host.stderr.write(`${errorLines(errorToJson(error), 'imago', style).join('\n')}\n`)
    return false
  }
}
