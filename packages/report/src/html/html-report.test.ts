import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { anyEvents } from '../../test/any-text.ts'
import type { Place } from '../../test/events.ts'
import { attemptAt, event, provisioner, runStarted } from '../../test/events.ts'
import { sampleEvents, samplePlans } from '../../test/sample-run.ts'
import { parseDocument } from '../../test/well-formed.ts'
import { recordRun } from '../run-recorder.ts'
import { htmlReport } from './html-report.ts'

const sample = htmlReport(recordRun(sampleEvents, samplePlans))
const place: Place = ['web', 'docker']

/** What a reader sees between two headings, without the marks. */
function textFrom(page: string, from: string, to: string): string {
  const start = page.indexOf(`id="${from}"`)
  const part = page.slice(page.indexOf('>', start) + 1, page.indexOf(to === '' ? '<footer' : `id="${to}"`, start))
  return part
    .replaceAll(/<[^>]*>?/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&#39;', "'")
    .trim()
}

describe('the page of a run', () => {
  test('is the same every time', () => {
    expect(htmlReport(recordRun(sampleEvents, samplePlans))).toBe(sample)
  })

  test('says how it went', () => {
    expect(sample).toContain('<title>Imago: 1 of 4 builds failed, 1 cancelled</title>')
    expect(textFrom(sample, 'summary', 'failures')).toBe(
      'Summary Time 13.0s Builds 4 Steps 18 of 23 Transferred 212 MB Artifacts 330 MB ' +
        'Build Result Waited Time base.docker docker ✓ succeeded – 4.2s web.docker docker ✓ succeeded 4.2s 8.8s ' +
        'web.vm qemu ✗ failed – 7.6s web.cloud amazon-ebs ■ cancelled – 7.7s ' +
        'This was left behind ; imago sweep removes what builds have left. qemu-process imago-a1b2c3d4-vm , not removed',
    )
  })

  test('says what failed, why, and what it said last', () => {
    expect(textFrom(sample, 'failures', 'timeline')).toBe(
      "What failed web.vm: shell: apt-get install -y nginx 'apt-get install -y nginx' ended with exit code 100 " +
        'because: the connection to deb.example was refused Hint: see what it said last; a retry may help where the network is to blame ' +
        'COMMAND_FAILED Reading package lists… Building dependency tree… The following NEW packages will be installed: nginx nginx-common ' +
        'E: Failed to fetch &lt;http://deb.example/nginx.deb&gt; Connection refused E: Unable to fetch some archives &amp; so on',
    )
  })

  test('has the critical path, the images, the artifacts and the transfers', () => {
    expect(textFrom(sample, 'critical-path', 'images')).toContain('shell: apt-get install -y nginx web.docker 4.6s 35%')
    expect(textFrom(sample, 'images', 'artifacts')).toContain(
      'web.docker docker from base.docker file → shell ×2 → docker-image then docker-tag → docker-save → compress then checksum',
    )
    expect(textFrom(sample, 'artifacts', 'transfers')).toContain('/home/project/out/web.tar.gz sha256:abab')
    expect(textFrom(sample, 'transfers', '')).toMatch(
      /^Transfers Task Size Time Rate save web\.tar web\.docker: docker-save: out\/web\.tar 152 MB 1\.3s 114 MB\/s/,
    )
  })

  test('says what was removed', () => {
    const artifact = { type: 'docker-image', id: 'sha256:0ld', tags: ['web:1 <b>'] }
    const disk = { type: 'qemu-disk', id: 'sha256:d15c', files: [{ path: '/out/web-1.qcow2', size: 3 }] }
    const removed = [artifact, disk].map((each) =>
      event(5, { type: 'artifact-removed', artifact: each, madeAt: '2026-01-01T00:00:00.000Z' }, place),
    )
    const page = htmlReport(recordRun([runStarted(['web', 'docker']), ...removed], []))
    parseDocument(page)
    expect(textFrom(page, 'removed', '')).toBe(
      'Removed Of earlier runs, as retain says. docker docker-image sha256:0ld web:1 &lt;b&gt; qemu-disk /out/web-1.qcow2',
    )
    expect(sample).not.toContain('id="removed"')
  })

  test('opens what failed, and folds the rest', () => {
    const { tags } = parseDocument(sample)
    const folds = tags.filter(({ tag }) => tag === 'details')
    expect([folds.length, folds.filter(({ attributes }) => attributes.has('open')).length]).toEqual([27, 1])
  })

  test('places builds and steps on the same axis', () => {
    const bars = [...sample.matchAll(/class="bar ([^"]*)" style="left: ([^;]*); width: ([^"]*)"/g)].map(([, ...parts]) => parts.join(' '))
    expect(bars).toContain('whole  0.015% 32.267%')
    expect(bars).toContain('bar-wait 46.118% 7.686%')
    expect(bars).toContain('kind-provisioner bar-ignored critical 73.021% 2.306%')
    expect(bars).toContain('kind-builder bar-cancelled 0.384% 58.417%')
  })

  test('needs nothing else, and runs nothing', () => {
    const { tags } = parseDocument(sample)
    const names = new Set(tags.map(({ tag }) => tag))
    for (const name of ['script', 'iframe', 'object', 'embed', 'img', 'form', 'base']) expect(names).not.toContain(name)
    const links = tags.flatMap(({ attributes }) => ['href', 'src', 'srcset', 'action'].flatMap((name) => attributes.get(name) ?? []))
    expect(links.filter((link) => !link.startsWith('#') && !link.startsWith('data:image/svg+xml,'))).toEqual([])
    expect(tags.flatMap(({ attributes }) => [...attributes.keys()]).filter((name) => name.startsWith('on'))).toEqual([])
    expect(sample).not.toMatch(/url\(|@import/)
  })

  test('has landmarks, heads of tables, and links that lead somewhere', () => {
    const { tags } = parseDocument(sample)
    expect(['header', 'nav', 'main', 'footer', 'h1'].map((name) => tags.filter(({ tag }) => tag === name).length)).toEqual([1, 1, 1, 1, 1])
    expect(tags.filter(({ tag, attributes }) => tag === 'th' && !attributes.has('scope'))).toEqual([])
    const ids = tags.flatMap(({ attributes }) => attributes.get('id') ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    const wanted = tags.flatMap(({ attributes }) => [attributes.get('href')?.match(/^#(.+)/)?.[1], attributes.get('aria-labelledby')])
    expect(wanted.filter((id) => id !== undefined && !ids.includes(id))).toEqual([])
  })
})

describe('whatever builds say', () => {
  test('the page is well-formed, and nothing of it becomes a tag', () => {
    const tagsOf = (page: string): string =>
      JSON.stringify(
        parseDocument(page)
          .tags.map(({ tag }) => tag)
          .filter((tag) => !known.has(tag)),
      )
    const known = new Set(parseDocument(sample).tags.map(({ tag }) => tag))
    fc.assert(
      fc.property(anyEvents, (events) => {
        expect(tagsOf(htmlReport(recordRun(events, [])))).toBe('[]')
      }),
      { numRuns: 300 },
    )
  })

  test('the page is of a bounded size', () => {
    const step = provisioner(0, 'shell', 'x'.repeat(100_000))
    const chunk = '<&>"\n'.repeat(20_000)
    const output = Array.from({ length: 1000 }, () => event(2, { type: 'output', step: step.id, stream: 'stderr', text: chunk }, place))
    const error = { code: 'COMMAND_FAILED', message: 'y'.repeat(1_000_000) } as const
    const [begin, ...end] = attemptAt(place, step, { from: 1, to: 3, status: 'failed', error })
    if (begin === undefined) throw new Error('no attempt')
    const page = htmlReport(recordRun([runStarted(place), begin, ...output, ...end], []))
    expect(page.length).toBeLessThan(3_000_000)
    expect(textFrom(page, 'timeline', 'critical-path')).toMatch(/… [\d]+ lines, about 100 MB left out here …/)
  })

  test('a page can be made of a run that is not over, or never began', () => {
    for (let count = 0; count <= sampleEvents.length; count++)
      parseDocument(htmlReport(recordRun(sampleEvents.slice(0, count), samplePlans)))
    expect(htmlReport(recordRun(sampleEvents.slice(0, 40), samplePlans))).toContain('did not end')
  })
})

test('shows what a builder says between its steps, with warnings marked', () => {
  expect(sample).toContain('<span class="warning">warning: the container has an anonymous volume\n</span>')
  expect(sample).toContain('<span class="gap">attempt 2\n</span>')
  expect(sample).not.toContain('\u001B')
})
