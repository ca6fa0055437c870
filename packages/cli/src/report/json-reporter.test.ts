import { expect, test } from 'vitest'

import { fakeOutput } from '../../test/fake-host.ts'
import { buildReport, event, report, runStarted } from '../../test/sample-events.ts'
import { JsonReporter } from './json-reporter.ts'
import { plain } from './style.ts'

test('writes every event as a line of JSON, and nothing else to stdout', () => {
  const [stdout, stderr] = [fakeOutput(), fakeOutput()]
  const reporter = new JsonReporter({ stdout, stderr, errorStyle: plain })
  const events = [runStarted('docker'), event({ type: 'output', stream: 'stdout', text: 'a\nb\u2028\n' })]
  for (const each of events) reporter.onEvent(each)
  reporter.note('cancelling')
  reporter.finish(report([buildReport({ status: 'failed', error: { code: 'TIMEOUT', message: 'timed out' } })]))
  reporter.close()
  expect(
    stdout.text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual(events)
  expect(stderr.text).toBe('cancelling\n\ndocker: timed out\n')
})
