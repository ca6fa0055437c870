import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyEvents } from '../test/any-text.ts'
import { event } from '../test/events.ts'
import { sampleEvents, samplePlans } from '../test/sample-run.ts'
import { githubSummary } from './github-summary.ts'
import { recordRun } from './run-recorder.ts'

test('has a line for each build, and what failed', () => {
  expect(githubSummary(recordRun(sampleEvents, samplePlans))).toMatchInlineSnapshot(`
    "## ✗ 1 of 4 builds failed, 1 cancelled in 13.0s

    | Build | Result | Time | Artifacts |
    | --- | --- | --- | --- |
    | **base.docker** docker | ✓ succeeded | 4.2s | docker-image <code>sha256&#58;1111111111111111111111111111111111111111111111111111111111111111</code> <code>base&#58;latest</code> 117 MB |
    | **web.docker** docker | ✓ succeeded | 8.8s | docker-image <code>sha256&#58;2222222222222222222222222222222222222222222222222222222222222222</code> <code>web&#58;1.0</code> 152 MB<br>files <code>out/web.tar.gz</code> 61 MB |
    | **web.vm** qemu | ✗ failed | 7.6s |  |
    | **web.cloud** amazon-ebs | ■ cancelled | 7.7s |  |

    ### web.vm\\: shell\\: apt-get install -y nginx

    \`\`\`text
    'apt-get install -y nginx' ended with exit code 100
    \`\`\`

    **Hint:** see what it said last; a retry may help where the network is to blame

    <details><summary>What it said last</summary>

    \`\`\`text
    Reading package lists…
    Building dependency tree…
    The following NEW packages will be installed:
      nginx nginx-common
    E: Failed to fetch <http://deb.example/nginx.deb>  Connection refused
    E: Unable to fetch some archives & so on
    \`\`\`

    </details>

    "
  `)
})

test('is bounded: GitHub takes 1 MiB', () => {
  const builds = Array.from({ length: 5000 }, (_, index) => ({ image: 'web', build: `b${index}`, builderType: 'docker' }))
  const error = { code: 'INTERNAL', message: 'z'.repeat(100_000) } as const
  const artifacts = Array.from({ length: 100 }, (_, index) => ({ type: 'files', id: `file ${index} ${'x'.repeat(1000)}` }))
  const ends = builds.map(({ build }) =>
    event(5, { type: 'build-finished', status: 'failed', durationMs: 5, artifacts, error }, ['web', build]),
  )
  const summary = githubSummary(recordRun([event(0, { type: 'run-started', builds }), ...ends], []))
  expect(summary.length).toBeLessThan(1_000_000)
  expect(summary).toContain('And 4800 more builds.')
  expect(summary).toContain('And 4980 more failures.')
})

test('its table and its blocks of code stay whole, whatever builds say', () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      const lines = githubSummary(recordRun(events, [])).split('\n')
      expect(lines[0]).toMatch(/^## /)
      expect(lines.slice(2, 5).map((line) => line.replaceAll(/\\./g, '').split('|').length)).toEqual([6, 6, 6])
      expect(lines[5]).toBe('')
      expect(outsideOfCode(lines).filter((line) => /^(?:#{1,2} (?!.)|```|<script|::)/.test(line))).toEqual([])
    }),
  )
})

/** The lines that are not in a block of code; every block ends. */
function outsideOfCode(lines: readonly string[]): string[] {
  const outside: string[] = []
  let fence: string | undefined
  for (const line of lines) {
    if (fence === undefined) {
      fence = /^(`{3,})text$/.exec(line)?.[1]
      if (fence === undefined) outside.push(line)
    } else if (line === fence) fence = undefined
    else if (line.trim().startsWith(fence)) throw new Error(`a block of code ends early: ${line}`)
  }
  expect(fence).toBeUndefined()
  return outside
}
