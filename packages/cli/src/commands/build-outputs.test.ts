import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { BuildEvent, EventListener, Report } from '@imago/core'
import { ImagoError, plan } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { readOnly } from '../../../../test/read-only-folder.ts'
import type { FakeHost, FakeHostOptions } from '../../test/fake-host.ts'
import { hostWithImage } from '../../test/image-folder.ts'
import { buildReport, event, report, runStarted, step } from '../../test/sample-events.ts'
import { sampleImage } from '../../test/sample-image.ts'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { main } from '../main.ts'

const error = { code: 'COMMAND_FAILED', message: 'exit code 7', hint: 'look' } as const

const succeeding: readonly BuildEvent[] = [
  runStarted('docker'),
  event({ type: 'build-started', builderType: 'fake', steps: 1 }),
  event({ type: 'build-finished', status: 'succeeded', durationMs: 1200, artifacts: [{ type: 'fake', id: 'made' }] }, { at: 1200 }),
  event({ type: 'run-finished', status: 'succeeded', durationMs: 1300 }, { at: 1300 }),
]
const failing: readonly BuildEvent[] = [
  runStarted('docker'),
  event({ type: 'build-started', builderType: 'fake', steps: 1 }),
  event({ type: 'step-started', step: step(), attempt: 1 }),
  event({ type: 'step-finished', step: step(), attempt: 1, status: 'failed', durationMs: 9, error }, { at: 9 }),
  event({ type: 'build-finished', status: 'failed', durationMs: 10, artifacts: [], error }, { at: 10 }),
  event({ type: 'run-finished', status: 'failed', durationMs: 11 }, { at: 11 }),
]

interface Built {
  readonly code: number
  readonly host: FakeHost
  readonly runs: number
  /** The content of a file in the folder. */
  readonly read: (name: string) => Promise<string>
}

type Run = (onEvent: EventListener, host: FakeHost) => Promise<Report>

/** A run that says this, and ends as its last build does. */
function saying(events: readonly BuildEvent[]): Run {
  return (onEvent) => {
    for (const one of events) onEvent(one)
    const status = events.some((one) => one.type === 'build-finished' && one.status === 'failed') ? 'failed' : 'succeeded'
    return Promise.resolve(report([buildReport({ status })]))
  }
}

/** Runs `imago build` with a run that does this. */
async function build(args: readonly string[], run: Run = saying(succeeding), options: FakeHostOptions = {}): Promise<Built> {
  let runs = 0
  const host: FakeHost = await hostWithImage(sampleImage(), {
    ...options,
    core: {
      plan,
      run(_images, { onEvent = () => undefined } = {}) {
        runs++
        return run(onEvent, host)
      },
    },
  })
  const code = await main(['build', ...args], host)
  return { code, host, runs, read: (name) => readFile(join(host.cwd, name), 'utf8') }
}

describe('imago build --report and --junit', () => {
  test('write the files, and leave nothing else', async () => {
    const { code, host, read } = await build(['--report', 'run.html', '--junit=out/junit.xml'])
    expect([code, host.stderr.text]).toEqual([0, ''])
    expect(await read('run.html')).toContain('<title>Imago: built</title>')
    expect(await read('out/junit.xml')).toContain(
      '<testcase classname="hello.docker" name="shell (provisioners[0])" time="0.000"><skipped message="not run"/>',
    )
    expect(await readdir(host.cwd)).toEqual(['image.ts', 'other.ts', 'out', 'run.html', 'web'])
    expect(await readdir(join(host.cwd, 'out'))).toEqual(['junit.xml'])
  })

  test('replace what stands there, also when the build fails', async () => {
    const { code, read } = await build(['--report', 'other.ts'], saying(failing))
    expect(code).toBe(1)
    expect(await read('other.ts')).toContain('exit code 7')
  })

  test.each([
    [['--report', 'web'], "--report 'web' is a folder"],
    [['--junit', '/dev/null'], "--junit '/dev/null' is no regular file"],
    [['--report='], "option '--report' needs a value"],
    [['--report', 'image.ts/run.html'], "--report 'image.ts/run.html' cannot be written: "],
    [['--report', 'x', '--junit', './x'], '--report and --junit name the same file'],
  ])('start nothing when a file cannot be written: %j', async (args, message) => {
    const { code, host, runs } = await build(args)
    expect([code, runs]).toEqual([2, 0])
    expect(host.stderr.text).toContain(`imago: ${message}`)
    expect(await readdir(host.cwd)).toEqual(['image.ts', 'other.ts', 'web'])
  })

  test('start nothing in a folder that may not be written', async () => {
    const folder = await temporaryFolder()
    await using _readOnly = await readOnly(folder)
    const { code, host, runs } = await build(['--report', join(folder, 'run.html')])
    expect([code, runs]).toEqual([2, 0])
    expect(host.stderr.text).toMatch(/^imago: --report '.*\/run\.html' cannot be written: E(?:ACCES|ROFS)/)
  })

  /** Has a folder become a file while the build goes on. */
  const losing =
    (events: readonly BuildEvent[]): Run =>
    async (onEvent, host) => {
      await rm(join(host.cwd, 'out'), { recursive: true })
      await writeFile(join(host.cwd, 'out'), '')
      return saying(events)(onEvent, host)
    }

  test('are missing at the end: that is told, and is no success', async () => {
    const { code, host, read } = await build(['--report', 'out/run.html', '--junit', 'junit.xml'], losing(succeeding))
    expect(code).toBe(1)
    expect(host.stderr.text).toMatch(/^imago: cannot write '.*\/out\/run\.html': ENOTDIR/)
    expect(await read('junit.xml')).toContain('<testsuites')
    expect((await build(['--report', 'out/run.html'], losing(failing))).code).toBe(1)
  })

  test('are written of a run that broke off, and its error is told', async () => {
    const { code, host, read } = await build(['--report', 'run.html'], (onEvent) => {
      onEvent(runStarted('docker'))
      return Promise.reject(new ImagoError('DISK_FULL', 'no room for the journal'))
    })
    expect([code, host.stderr.text]).toEqual([1, 'imago: no room for the journal\n'])
    expect(await read('run.html')).toContain('1 did not end')
  })

  test('are not written when nothing was started', async () => {
    const { code, host } = await build(['--report', 'run.html'], () => Promise.reject(new ImagoError('DEFINITION_INVALID', 'no')))
    expect(code).toBe(2)
    expect(await readdir(host.cwd)).toEqual(['image.ts', 'other.ts', 'web'])
  })
})

describe('imago build in a job of GitHub Actions', () => {
  test('tells what failed after everything else, and adds to the summary', async () => {
    const summaryFile = join(await temporaryFolder({ 'summary.md': 'before\n' }), 'summary.md')
    const { code, host } = await build(['--json'], saying(failing), { environment: { gitHub: { summaryFile } } })
    expect(code).toBe(1)
    expect(host.stderr.text).toMatch(/^::error title=docker%3A shell%3A apt-get update::exit code 7%0Ahint: look\n$/)
    expect(host.stdout.text.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual([])
    expect(await readFile(summaryFile, 'utf8')).toMatch(/^before\n## ✗ 1 of 1 build failed in /)
    expect(await readdir(host.cwd)).toEqual(['image.ts', 'other.ts', 'web'])
  })

  test('has nothing to tell of a success but the summary', async () => {
    const summaryFile = join(await temporaryFolder(), 'summary.md')
    const { code, host } = await build([], saying(succeeding), { environment: { gitHub: { summaryFile } } })
    expect([code, host.stderr.text]).toEqual([0, ''])
    expect(await readFile(summaryFile, 'utf8')).toContain('| **docker** fake | ✓ succeeded | 1.2s | fake <code>made</code> |')
  })

  test('only tells that the summary cannot be written: nobody has asked for it', async () => {
    const summaryFile = join(await temporaryFolder(), 'nowhere', 'summary.md')
    const { code, host } = await build([], saying(succeeding), { environment: { gitHub: { summaryFile } } })
    expect(code).toBe(0)
    expect(host.stderr.text).toContain(`imago: cannot write the job summary '${summaryFile}': ENOENT`)
  })

  test('needs no summary', async () => {
    const { code, host } = await build([], saying(failing), { environment: { gitHub: { summaryFile: undefined } } })
    expect(code).toBe(1)
    expect(host.stderr.text).toContain('::error ')
  })
})
