import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import type { FakeOutput } from '../../test/fake-host.ts'
import { fakeOutput } from '../../test/fake-host.ts'
import { buildReport, day, event, report, runStarted, step } from '../../test/sample-events.ts'
import { TerminalScreen } from '../../test/terminal-screen.ts'
import { LiveReporter } from './live-reporter.ts'
import { plain } from './style.ts'
import { unicodeSymbols } from './symbols.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(day) })
})
afterEach(() => {
  vi.useRealTimers()
})

function open({ columns = 60, rows = 24 } = {}): {
  reporter: LiveReporter
  stdout: FakeOutput
  stderr: FakeOutput
  screen: () => TerminalScreen
} {
  const [stdout, stderr] = [fakeOutput({ isTerminal: true, columns, rows }), fakeOutput()]
  const look = { style: plain, errorStyle: plain, symbols: unicodeSymbols, colors: false, timestamps: false, verbose: false }
  const reporter = new LiveReporter({ ...look, stdout, stderr, cwd: '/home/project' })
  const screen = (): TerminalScreen => {
    const shown = new TerminalScreen(columns)
    shown.write(stdout.text)
    return shown
  }
  return { reporter, stdout, stderr, screen }
}

const began = [
  runStarted('docker'),
  event({ type: 'build-started', builderType: 'docker', steps: 1 }),
  event({ type: 'step-started', step: step(), attempt: 1 }),
]

describe('LiveReporter', () => {
  test('draws at its own pace', () => {
    const { reporter, stdout, screen } = open()
    for (const each of began) reporter.onEvent(each)
    expect(stdout.writes).toEqual([])
    vi.advanceTimersByTime(80)
    expect(stdout.writes).toHaveLength(1)
    expect(screen().rows).toEqual([
      'docker: ▸ started (docker, 1 step)',
      'docker: ▸ shell: apt-get update (1/1)',
      '⠙ docker     0s  1/1 shell: apt-get update',
    ])
    reporter.close()
  })

  test('lets output scroll by above, and leaves only that and the summary', () => {
    const { reporter, screen, stderr } = open()
    for (const each of began) reporter.onEvent(each)
    vi.advanceTimersByTime(80)
    reporter.onEvent(event({ type: 'output', stream: 'stdout', text: 'Get:1\n' }))
    vi.advanceTimersByTime(3000)
    expect(screen().rows.slice(2)).toEqual(['docker: Get:1', expect.stringMatching(/^. docker {5}3s {2}1\/1 shell: apt-get update$/)])
    reporter.onEvent(event({ type: 'output', stream: 'stdout', text: 'Get:2\n' }))
    reporter.finish(report([buildReport()]))
    expect(screen().rows.slice(2)).toEqual([
      'docker: Get:1',
      'docker: Get:2',
      '',
      '  Build   Result     Time',
      '✓ docker  built      1.2s',
      '',
      'built in 2.5s',
    ])
    expect(screen().cursorVisible).toBe(true)
    expect(stderr.text).toBe('')
  })

  test('does not wait with much output', () => {
    const { reporter, stdout } = open()
    reporter.onEvent(event({ type: 'output', stream: 'stdout', text: 'x\n'.repeat(20_000) }))
    expect(stdout.writes).toHaveLength(1)
    reporter.close()
  })

  test('shows a question below the builds until it is answered', () => {
    const { reporter, screen } = open()
    for (const each of began) reporter.onEvent(each)
    reporter.ask('it failed\n[c]lean up?')
    expect(screen().rows.slice(-3)).toEqual([expect.stringContaining('docker'), 'it failed', '[c]lean up?'])
    reporter.ask(undefined)
    expect(screen().rows.at(-1)).toContain('docker')
    reporter.close()
  })

  test('fits a terminal that changes its size', () => {
    const { reporter, stdout, screen } = open()
    for (const each of began) reporter.onEvent(each)
    vi.advanceTimersByTime(80)
    stdout.resize(20, 24)
    expect(screen().rows.at(-1)).toBe('⠙ docker     0s  1/…'.slice(0, 18) + '…')
    reporter.close()
  })

  test('says that the run is being cancelled', () => {
    const { reporter, screen } = open()
    for (const each of began) reporter.onEvent(each)
    reporter.note('cancelling')
    expect(screen().rows.at(-2)).toBe('cancelling')
    reporter.close()
  })

  test('leaves the terminal alone once it is closed', () => {
    const { reporter, stdout } = open()
    for (const each of began) reporter.onEvent(each)
    reporter.close()
    const writes = stdout.writes.length
    reporter.close()
    reporter.onEvent(event({ type: 'output', stream: 'stdout', text: 'late\n' }))
    stdout.resize(40, 10)
    vi.advanceTimersByTime(1000)
    expect(stdout.writes).toHaveLength(writes)
    expect(vi.getTimerCount()).toBe(0)
  })
})
