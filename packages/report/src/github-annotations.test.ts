import type { BuildEvent } from '@imago/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyEvents } from '../test/any-text.ts'
import type { Place } from '../test/events.ts'
import { attemptAt, event, provisioner, runStarted } from '../test/events.ts'
import { sampleEvents, samplePlans } from '../test/sample-run.ts'
import { githubAnnotations } from './github-annotations.ts'
import { recordRun } from './run-recorder.ts'

const place: Place = ['web', 'docker']

test('tells what failed as an error, and what was ignored or left as a warning', () => {
  expect(githubAnnotations(recordRun(sampleEvents, samplePlans))).toMatchInlineSnapshot(`
    "::error title=web.vm%3A shell%3A apt-get install -y nginx::'apt-get install -y nginx' ended with exit code 100%0Ahint: see what it said last; a retry may help where the network is to blame
    ::warning title=web.docker%3A shell%3A nginx -t::failed, and the build went on: 'nginx -t' ended with exit code 1
    ::warning title=web.vm::qemu-process imago-a1b2c3d4-vm was not removed; imago sweep removes it
    "
  `)
})

test('has nothing to say of a run that went well', () => {
  const finished = event(9, { type: 'build-finished', status: 'succeeded', durationMs: 9, artifacts: [] }, place)
  expect(githubAnnotations(recordRun([runStarted(place), finished], []))).toBe('')
})

test('says how many more there are than GitHub shows', () => {
  const failed = (index: number): BuildEvent[] =>
    attemptAt(place, provisioner(index, 'shell', `step ${index}`), {
      from: index,
      to: index + 1,
      status: 'failed',
      error: { code: 'COMMAND_FAILED', message: `exit code ${index}` },
    })
  const events = Array.from({ length: 30 }, (_, index) => failed(index)).flat()
  const lines = githubAnnotations(recordRun([runStarted(place), ...events], []))
    .trimEnd()
    .split('\n')
  expect(lines).toHaveLength(10)
  expect(lines.at(-1)).toBe('::error title=imago build::and 21 more, which the log of this step tells')
})

test('is one command a line, whatever builds say', () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      const text = githubAnnotations(recordRun(events, []))
      const lines = text.split('\n').slice(0, -1)
      expect(lines.filter((line) => !/^::(?:error|warning) title=[^:,\r\n]*::[^\r\n]*$/.test(line))).toEqual([])
      expect(lines.length).toBeGreaterThan(0)
    }),
  )
})
