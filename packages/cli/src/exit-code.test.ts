import { ImagoError } from '@imago/core'
import { expect, test } from 'vitest'

import { buildReport, report } from '../test/sample-events.ts'
import { exitCodeOfError, exitCodeOfReport } from './exit-code.ts'

const failed = report([buildReport({ status: 'failed' })])
const cancelled = report([buildReport({ status: 'cancelled' })])

test('follows the report, and the signal that cancelled the run', () => {
  expect(exitCodeOfReport(report([buildReport()]), undefined)).toBe(0)
  expect(exitCodeOfReport(failed, undefined)).toBe(1)
  expect(exitCodeOfReport(cancelled, 'SIGINT')).toBe(130)
  expect(exitCodeOfReport(cancelled, 'SIGTERM')).toBe(143)
  expect(exitCodeOfReport(cancelled, 'SIGHUP')).toBe(129)
})

test('a signal that came too late changes nothing', () => {
  expect(exitCodeOfReport(report([buildReport()]), 'SIGINT')).toBe(0)
})

test.each([
  ['USAGE', 2],
  ['DEFINITION_INVALID', 2],
  ['PARAMETER_INVALID', 2],
  ['CANCELLED', 130],
  ['DISK_FULL', 1],
  ['INTERNAL', 1],
] as const)('%s ends with %i', (code, exitCode) => {
  expect(exitCodeOfError(new ImagoError(code, 'x'))).toBe(exitCode)
})
