import { join } from 'node:path'

import type { Image, Report, RunOptions, Selection } from '@imago/core'
import { ImagoError } from '@imago/core'
import { describe, expect, test } from 'vitest'

import type { FakeHost, FakeHostOptions } from '../../test/fake-host.ts'
import { fakeOutput } from '../../test/fake-host.ts'
import { hostWithImage } from '../../test/image-folder.ts'
import { buildReport, event, report, runStarted, step } from '../../test/sample-events.ts'
import { sampleImage } from '../../test/sample-image.ts'
import { main } from '../main.ts'

interface Call {
  readonly images: readonly Image[]
  readonly options: RunOptions & Selection
}

interface Built {
  readonly code: number
  readonly host: FakeHost
  readonly calls: readonly Call[]
}

type Run = (call: Call, host: FakeHost) => Promise<Report>

/** Runs `imago build` with a run that does this. */
async function build(
  args: readonly string[],
  run: Run = () => Promise.resolve(report([buildReport()])),
  options: FakeHostOptions = {},
): Promise<Built> {
  const calls: Call[] = []
  const host: FakeHost = await hostWithImage(sampleImage(), {
    ...options,
    core: {
      ...options.core,
      run(images, runOptions = {}) {
        const call = { images: [images].flat(), options: runOptions }
        calls.push(call)
        return run(call, host)
      },
    },
  })
  return { code: await main(['build', ...args], host), host, calls }
}

/** A run that ends when it is cancelled. */
const untilCancelled: Run = ({ options }, host) =>
  new Promise((resolve) => {
    options.signal?.addEventListener('abort', () => resolve(report([buildReport({ status: 'cancelled' })])))
    host.send('SIGTERM')
  })

describe('imago build', () => {
  test('builds the image file of the current folder', async () => {
    const { code, host, calls } = await build([])
    expect(code).toBe(0)
    expect(calls).toMatchObject([
      {
        images: [{ name: 'hello' }],
        options: { directory: host.cwd, stateDirectory: join(host.cwd, '.imago'), onError: 'cleanup', failFast: false, pools: {} },
      },
    ])
    expect(calls[0]?.options).not.toHaveProperty('only')
    expect(host.stdout.text).toContain('docker  built')
  })

  test('hands every option to the run', async () => {
    const args =
      '--only a,b --only=c --except x* --on-error abort --parallel-builds 2 --pool qemu=1 --pool a=3 --fail-fast --release-timeout 5m web'
    const { calls, host } = await build(args.split(' '))
    expect(calls[0]?.options).toMatchObject({
      only: ['a', 'b', 'c'],
      except: ['x*'],
      onError: 'abort',
      concurrency: 2,
      pools: { qemu: 1, a: 3 },
      failFast: true,
      releaseTimeout: 300_000,
      directory: join(host.cwd, 'web'),
      stateDirectory: join(host.cwd, '.imago'),
    })
  })

  test('builds several files of one folder in one run', async () => {
    const { calls } = await build(['image.ts', 'other.ts', '--parallel-builds=0'])
    expect(calls).toHaveLength(1)
    expect(calls[0]?.images).toHaveLength(2)
    expect(calls[0]?.options).not.toHaveProperty('concurrency')
  })

  test.each([
    [['image.ts', 'web'], "'image.ts' and 'web/image.ts' are in different folders, which one run cannot build"],
    [['--on-error', 'clenup'], "--on-error cannot be 'clenup'\n  hint: did you mean 'cleanup'?"],
    [['--on-error', 'ask'], '--on-error ask needs a terminal to ask on'],
    [['--parallel-builds', '-1'], "option '--parallel-builds' needs a value, and is followed by '-1'"],
    [['--parallel-builds=1.5'], "--parallel-builds needs a whole number of at least 0, and got '1.5'"],
    [['--pool', 'qemu'], "--pool 'qemu' is not a name and a number"],
    [['--pool', 'qemu=0'], "--pool needs a whole number of at least 1, and got '0'"],
    [['--release-timeout', 'soon'], "--release-timeout needs a length of time, and got 'soon'"],
    [['--var', 'a=1'], "image.ts takes no parameters, and is given 'a'"],
    [['nope'], "there is no 'nope'"],
  ])('refuses %j', async (args, message) => {
    const { code, host, calls } = await build(args)
    expect([code, calls, host.stdout.text]).toEqual([2, [], ''])
    expect(host.stderr.text).toContain(`imago: ${message}`)
  })

  test('writes events as JSON lines, and nothing else to stdout', async () => {
    const { host } = await build(['--json'], ({ options }) => {
      options.onEvent?.(runStarted('docker'))
      return Promise.resolve(report([buildReport()]))
    })
    expect(host.stdout.text).toBe(`${JSON.stringify(runStarted('docker'))}\n`)
  })

  test('hands its display options on', async () => {
    const { host } = await build(
      ['--plain', '--verbose', '--timestamps', '--no-color'],
      ({ options }) => {
        options.onEvent?.(event({ type: 'message', level: 'debug', text: 'told' }))
        return Promise.resolve(report([buildReport()]))
      },
      { stdout: fakeOutput({ isTerminal: true }) },
    )
    expect(host.stdout.writes[0]).toBe('2026-01-02T03:04:00.000Z docker: told\n')
  })

  test('fails when a build has failed, and says why', async () => {
    const error = { code: 'TIMEOUT', message: 'timed out', hint: 'give it more time' } as const
    const { code, host } = await build([], () => Promise.resolve(report([buildReport({ status: 'failed', error })])))
    expect([code, host.stderr.text]).toEqual([1, '\ndocker: timed out\n  hint: give it more time\n'])
  })

  test('reports a definition that is wrong', async () => {
    const { code, host } = await build([], () =>
      Promise.reject(new ImagoError('DEFINITION_INVALID', "image 'hello' has a problem:\n  name: bad")),
    )
    expect([code, host.stdout.text, host.stderr.text]).toEqual([2, '', "imago: image 'hello' has a problem:\n  name: bad\n"])
  })

  test('is cancelled by a signal, and ends with its code', async () => {
    const { code, host } = await build([], untilCancelled)
    expect([code, host.stderr.text]).toEqual([143, 'SIGTERM: cancelling; send it again to exit at once\n'])
    expect(host.send('SIGTERM')).toBe(false)
    expect(host.exitListeners.size).toBe(0)
  })

  test('is cancelled before it has begun', async () => {
    const { code } = await build([], (_call, host) => {
      host.send('SIGINT')
      return Promise.reject(new ImagoError('CANCELLED', 'cancelled'))
    })
    expect(code).toBe(130)
  })

  test('puts the terminal in order when it must exit at once', async () => {
    const stdout = fakeOutput({ isTerminal: true })
    const run: Run = ({ options }, host) => {
      options.onEvent?.(runStarted('docker'))
      host.send('SIGINT')
      host.send('SIGTERM')
      expect(stdout.text.endsWith('\u001B[?25h')).toBe(true)
      return Promise.resolve(report([buildReport({ status: 'cancelled' })]))
    }
    const { host } = await build([], run, { stdout })
    expect(host.exits).toEqual([143])
    expect(host.stderr.text).toContain("'imago sweep' removes what is left")
  })

  test('asks on the terminal what to do with a failed step, and tries it again as its file says then', async () => {
    const answers: unknown[] = []
    const edited = { ...sampleImage(), description: 'edited' }
    const run: Run = async ({ options }) => {
      options.onEvent?.(runStarted('docker'))
      const { onError, signal = new AbortController().signal } = options
      const failure = {
        image: 'hello',
        build: 'docker',
        builderType: 'fake',
        step: step(),
        error: { code: 'TIMEOUT', message: 'timed out' },
      } as const
      answers.push(typeof onError === 'function' ? await onError(failure, signal) : onError)
      return report([buildReport()])
    }
    const stdout = fakeOutput({ isTerminal: true })
    const modules = { reimportFile: () => Promise.resolve({ default: edited }) }
    await build(['--on-error', 'ask'], run, { keys: ['r'], stdout, modules, core: { validate: () => Promise.resolve([]) } })
    expect(answers).toEqual([{ retryWith: edited }])
    expect(stdout.text).toContain('[r]etry the step')
  })
})
