import { describe, expect, test } from 'vitest'

import { fakeHost, fakeOutput } from '../../test/fake-host.ts'
import { chooseReporter } from './choose-reporter.ts'

const display = { json: false, plain: false, timestamps: false, noColor: false, verbose: false }
const terminal = fakeOutput({ isTerminal: true })

describe('chooseReporter', () => {
  test.each([
    ['LiveReporter', { stdout: terminal }, display],
    ['PlainReporter', { stdout: terminal }, { ...display, plain: true }],
    ['JsonReporter', { stdout: terminal }, { ...display, json: true }],
    ['PlainReporter', {}, display],
    ['PlainReporter', { stdout: terminal, environment: { terminal: 'dumb' } }, display],
    ['PlainReporter', { stdout: terminal, environment: { ci: true } }, display],
  ])('takes a %s for %j', (name, host, options) => {
    const reporter = chooseReporter(fakeHost(host), options)
    reporter.close()
    expect(reporter.constructor.name).toBe(name)
  })
})
