import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { anyEvents } from '../test/any-text.ts'
import type { Place } from '../test/events.ts'
import { attemptAt, event, provisioner, runStarted } from '../test/events.ts'
import { sampleEvents, samplePlans } from '../test/sample-run.ts'
import { parseDocument } from '../test/well-formed.ts'
import { junitXml } from './junit-xml.ts'
import { recordRun } from './run-recorder.ts'

const place: Place = ['web', 'docker']

describe('JUnit XML', () => {
  test('has a suite for each build and a case for each step', () => {
    expect(junitXml(recordRun(sampleEvents, samplePlans))).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="imago" tests="23" failures="1" errors="0" skipped="7" time="13.010">
      <testsuite name="base.docker" tests="4" failures="0" errors="0" skipped="0" time="4.198" timestamp="2026-01-02T03:04:05">
      <testcase classname="base.docker" name="pull debian:12 (builder.pull)" time="2.080"/>
      <testcase classname="base.docker" name="create the container (builder.create)" time="0.190"/>
      <testcase classname="base.docker" name="shell: remove caches (provisioners[0])" time="1.400"/>
      <testcase classname="base.docker" name="commit the container (builder.commit)" time="0.440"/>
      </testsuite>
      <testsuite name="web.docker" tests="9" failures="0" errors="0" skipped="1" time="8.795" timestamp="2026-01-02T03:04:09">
      <testcase classname="web.docker" name="create the container (builder.create)" time="0.190"/>
      <testcase classname="web.docker" name="file: site/ to /srv/site (provisioners[0])" time="0.500"/>
      <testcase classname="web.docker" name="shell: apt-get install -y nginx (provisioners[1])" time="3.600"/>
      <testcase classname="web.docker" name="shell: nginx -t (provisioners[2])" time="0.300"><skipped message="failed, ignored: &#39;nginx -t&#39; ended with exit code 1"/></testcase>
      <testcase classname="web.docker" name="commit the container (builder.commit)" time="0.595"/>
      <testcase classname="web.docker" name="docker-tag: web:1.0 (postProcessors[0][0])" time="0.040"/>
      <testcase classname="web.docker" name="docker-save: out/web.tar (postProcessors[0][1])" time="1.350"/>
      <testcase classname="web.docker" name="compress (postProcessors[0][2])" time="1.100"/>
      <testcase classname="web.docker" name="checksum (postProcessors[1][0])" time="0.490"/>
      </testsuite>
      <testsuite name="web.vm" tests="6" failures="1" errors="0" skipped="2" time="7.599" timestamp="2026-01-02T03:04:05">
      <testcase classname="web.vm" name="boot the machine (builder.boot)" time="2.900"/>
      <testcase classname="web.vm" name="file: site/ to /srv/site (provisioners[0])" time="0.300"/>
      <testcase classname="web.vm" name="shell: apt-get install -y nginx (provisioners[1])" time="3.500"><failure message="failed: &#39;apt-get install -y nginx&#39; ended with exit code 100" type="COMMAND_FAILED">failed: &#39;apt-get install -y nginx&#39; ended with exit code 100
      hint: see what it said last; a retry may help where the network is to blame

      it said last:
      Reading package lists…
      Building dependency tree…
      The following NEW packages will be installed:
        nginx nginx-common
      E: Failed to fetch &lt;http://deb.example/nginx.deb&gt;  Connection refused
      E: Unable to fetch some archives &amp; so on</failure></testcase>
      <testcase classname="web.vm" name="file: download /var/log/dpkg.log (errorCleanup[0])" time="0.500"/>
      <testcase classname="web.vm" name="shell (provisioners[2])" time="0.000"><skipped message="not run"/></testcase>
      <testcase classname="web.vm" name="checksum (postProcessors[1][0])" time="0.000"><skipped message="not run"/></testcase>
      </testsuite>
      <testsuite name="web.cloud" tests="4" failures="0" errors="0" skipped="4" time="7.697" timestamp="2026-01-02T03:04:05">
      <testcase classname="web.cloud" name="launch an instance (builder.launch)" time="7.600"><skipped message="cancelled: cancelled, because web.vm failed"/></testcase>
      <testcase classname="web.cloud" name="file (provisioners[0])" time="0.000"><skipped message="not run"/></testcase>
      <testcase classname="web.cloud" name="shell (provisioners[1])" time="0.000"><skipped message="not run"/></testcase>
      <testcase classname="web.cloud" name="shell (provisioners[2])" time="0.000"><skipped message="not run"/></testcase>
      </testsuite>
      </testsuites>
      "
    `)
  })

  test('has a case for a build that failed outside of its steps', () => {
    const error = { code: 'PROVIDER_UNAVAILABLE', message: 'the engine does not answer' } as const
    const xml = junitXml(
      recordRun(
        [
          runStarted(place),
          event(1, { type: 'build-started', builderType: 'docker', steps: 0 }, place),
          ...attemptAt(place, provisioner(0, 'shell', 'x'), { from: 2, to: 3 }),
          event(5, { type: 'output', stream: 'stderr', text: 'dial unix: no such file\n' }, place),
          event(9, { type: 'build-finished', status: 'failed', durationMs: 8, artifacts: [], error }, place),
        ],
        [],
      ),
    )
    expect(xml).toContain('<testsuite name="web.docker" tests="2" failures="1" errors="0" skipped="0"')
    expect(xml).toContain(
      '<testcase classname="web.docker" name="build" time="0.008"><failure message="failed: the engine does not answer" type="PROVIDER_UNAVAILABLE">' +
        'failed: the engine does not answer\n\nit said last:\ndial unix: no such file</failure></testcase>',
    )
  })

  test('has a case for a build that was not started', () => {
    const error = { code: 'CANCELLED', message: 'cancelled before it was started' } as const
    const finished = event(9, { type: 'build-finished', status: 'cancelled', durationMs: 0, artifacts: [], error }, place)
    expect(junitXml(recordRun([runStarted(place), finished], []))).toContain(
      'name="build" time="0.000"><skipped message="cancelled: cancelled before it was started"/>',
    )
    expect(junitXml(recordRun([runStarted(place)], []))).toContain('name="build" time="0.000"><skipped message="not run"/>')
  })

  test('calls it an error when something did not end', () => {
    const [begin] = attemptAt(place, provisioner(0, 'shell', 'x'), { from: 2, to: 3 })
    if (begin === undefined) throw new Error('no attempt')
    const started = event(1, { type: 'build-started', builderType: 'docker', steps: 1 }, place)
    expect(junitXml(recordRun([runStarted(place), started, begin], []))).toContain('errors="2" skipped="0"')
  })

  test('is well-formed whatever builds say, and its counts are right', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const { tags } = parseDocument(junitXml(recordRun(events, [])))
        const count = (name: string): string => String(tags.filter(({ tag }) => tag === name).length)
        const [root] = tags
        expect(root?.tag).toBe('testsuites')
        expect(['tests', 'failures', 'errors', 'skipped'].map((name) => root?.attributes.get(name))).toEqual(
          ['testcase', 'failure', 'error', 'skipped'].map(count),
        )
      }),
    )
  })
})
