import type { BuildEvent, ErrorJson } from '@imago/core'
import { describe, expect, test } from 'vitest'

import type { FakeOutput } from '../../test/fake-host.ts'
import { fakeOutput } from '../../test/fake-host.ts'
import { day, event, runStarted, step } from '../../test/sample-events.ts'
import type { PlainReporterOptions } from './plain-reporter.ts'
import { PlainReporter } from './plain-reporter.ts'
import { colored, plain } from './style.ts'
import { unicodeSymbols } from './symbols.ts'

function open(options: Partial<PlainReporterOptions> = {}): { reporter: PlainReporter; stdout: FakeOutput; stderr: FakeOutput } {
  const [stdout, stderr] = [fakeOutput(), fakeOutput()]
  const look = { style: plain, errorStyle: plain, symbols: unicodeSymbols, colors: false, timestamps: false, verbose: false }
  return { reporter: new PlainReporter({ ...look, stdout, stderr, cwd: '/home/project', ...options }), stdout, stderr }
}

function lines(events: readonly BuildEvent[], options: Partial<PlainReporterOptions> = {}): string[] {
  const { reporter, stdout } = open(options)
  for (const each of events) reporter.onEvent(each)
  return stdout.text.split('\n').slice(0, -1)
}

const error: ErrorJson = { code: 'COMMAND_FAILED', message: 'the command exited with 100\nsee above' }
const began = [runStarted('docker', 'oci'), event({ type: 'build-started', builderType: 'docker', steps: 2 })]

describe('PlainReporter', () => {
  test('tells a build line by line', () => {
    const story = [
      ...began,
      event({ type: 'step-started', step: { id: 'builder.pull', kind: 'builder', type: 'docker', title: 'pull debian:12' }, attempt: 1 }),
      event({ type: 'step-started', step: step(), attempt: 1 }),
      event({ type: 'output', stream: 'stdout', text: 'Get:1\nGet:2\n', step: 'provisioners[0]' }),
      event({ type: 'output', stream: 'stderr', text: 'oh', step: 'provisioners[0]' }, { build: 'oci' }),
      event({ type: 'message', level: 'warning', text: 'slow mirror' }),
      event({ type: 'message', level: 'info', text: 'one\ntwo' }),
      event({ type: 'message', level: 'debug', text: 'not told' }),
      event({ type: 'step-finished', step: step(), attempt: 1, status: 'failed', durationMs: 3200, error, retryInMs: 1000 }),
      event({ type: 'step-started', step: step(), attempt: 2 }),
      event({ type: 'step-finished', step: step(), attempt: 2, status: 'succeeded', durationMs: 900 }),
      event({ type: 'step-started', step: step(1, 'shell'), attempt: 1 }),
      event({ type: 'step-finished', step: step(1, 'shell'), attempt: 1, status: 'failed', durationMs: 900, error, ignored: true }),
      event({
        type: 'artifact-removed',
        artifact: { type: 'ami', id: 'ami-1' },
        madeAt: '2026-01-01T03:04:00.000Z',
        step: 'builder.retain',
      }),
      event({ type: 'build-finished', status: 'succeeded', durationMs: 62_000, artifacts: [] }),
      event({ type: 'build-finished', status: 'cancelled', durationMs: 62_000, artifacts: [] }, { build: 'oci' }),
    ]
    expect(lines(story)).toEqual([
      'docker: ▸ started (docker, 2 steps)',
      'docker: ▸ pull debian:12',
      'docker: ▸ shell: apt-get update (1/2)',
      'docker: Get:1',
      'docker: Get:2',
      'oci: oh',
      'docker: warning: slow mirror',
      'docker: one',
      'docker: two',
      'docker: ✗ shell: apt-get update 3.2s the command exited with 100',
      'docker: see above',
      'docker: ↻ trying again in 1.0s',
      'docker: ▸ shell: apt-get update (1/2, attempt 2)',
      'docker: ✓ shell: apt-get update 900ms',
      'docker: ▸ shell (2/2)',
      'docker: ✗ shell 900ms the command exited with 100',
      'docker: see above',
      'docker: the build goes on, as continueOnError says',
      'docker: removed ami ami-1 (made 24h00m ago)',
      'docker: ✓ built 1m02s',
      'oci: ■ cancelled 1m02s',
    ])
  })

  test('tells of resources when something is wrong with them, and of all of them when asked', () => {
    const resource = { kind: 'docker-container', name: 'imago-run00001' }
    const events = (['resource-acquired', 'resource-released', 'resource-kept', 'resource-release-failed'] as const).map((type) =>
      event({ type, resource, ...(type === 'resource-release-failed' && { error }) }),
    )
    const wrong = [
      'docker: docker-container imago-run00001 is kept',
      'docker: ✗ docker-container imago-run00001 could not be removed: the command exited with 100',
      'docker: see above',
    ]
    expect(lines(events)).toEqual(wrong)
    const debug = event({ type: 'message', level: 'debug', text: 'told' })
    expect(lines([...events, debug], { verbose: true })).toEqual([
      'docker: created docker-container imago-run00001',
      'docker: removed docker-container imago-run00001',
      ...wrong,
      'docker: told',
    ])
  })

  test('names the image where several are built', () => {
    const builds = [
      { image: 'hello', build: 'docker', builderType: 'docker' },
      { image: 'base', build: 'docker', builderType: 'docker' },
    ]
    const output = event({ type: 'output', stream: 'stdout', text: 'x\n' }, { image: 'base' })
    expect(lines([event({ type: 'run-started', builds }), output])).toEqual(['base.docker: x'])
  })

  test('begins lines with the time when asked', () => {
    expect(lines(began, { timestamps: true })).toEqual([`${day} docker: ▸ started (docker, 2 steps)`])
  })

  test('gives each build a colour of its own', () => {
    const outputs = ['docker', 'oci'].map((build) => event({ type: 'output', stream: 'stdout', text: 'x\n' }, { build }))
    expect(lines([runStarted('docker', 'oci'), ...outputs], { style: colored })).toEqual([
      '\u001B[36mdocker:\u001B[39m x',
      '\u001B[35moci:\u001B[39m x',
    ])
  })

  test('tells every ten seconds how far a transfer is', () => {
    const transfer = [0, 1000, 9000, 10_000, 15_000, 20_000].map((at) =>
      event({ type: 'progress', task: 'upload site', done: at * 1000, total: 100e6, unit: 'bytes' }, { at }),
    )
    expect(lines(transfer)).toEqual([
      'docker: upload site: 10 MB of 100 MB, 1.0 MB/s, 1m30s left',
      'docker: upload site: 20 MB of 100 MB, 1.0 MB/s, 1m20s left',
    ])
  })

  test('says what is no event to stderr', () => {
    const { reporter, stdout, stderr } = open()
    reporter.note('cancelling')
    expect([stdout.text, stderr.text]).toEqual(['', 'cancelling\n'])
  })

  test('keeps nothing of 100 MB of output', () => {
    const { reporter } = open({ stdout: { ...fakeOutput(), write: () => undefined } })
    for (const each of began) reporter.onEvent(each)
    const chunk = event({ type: 'output', stream: 'stdout', text: `${'x'.repeat(99)}\n`.repeat(655) })
    for (let i = 0; i < 100; i++) reporter.onEvent(chunk)
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 1500; i++) reporter.onEvent(chunk)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(80e6)
  })
})
