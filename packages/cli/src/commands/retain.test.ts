import type { Image, RetainOptions, RetiredArtifact } from '@imago/core'
import { expect, test } from 'vitest'

import type { FakeHost } from '../../test/fake-host.ts'
import { hostWithImage } from '../../test/image-folder.ts'
import { sampleImage } from '../../test/sample-image.ts'
import { main } from '../main.ts'

const image: Image = { ...sampleImage(), retain: { last: 5 } }
const hourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString()

function retired(outcome: RetiredArtifact['outcome'], said: Partial<RetiredArtifact> = {}): RetiredArtifact {
  return { image: 'hello', build: 'docker', artifact: { type: 'docker-image', id: 'sha256:0' }, madeAt: hourAgo(), outcome, ...said }
}

async function retain(
  args: readonly string[],
  found: readonly RetiredArtifact[],
): Promise<{ code: number; host: FakeHost; options: RetainOptions }> {
  let options: RetainOptions = {}
  const host = await hostWithImage(image, {
    core: {
      retain(_images, given = {}) {
        options = given
        for (const one of found) given.onArtifact?.(one)
        return Promise.resolve(found)
      },
    },
  })
  return { code: await main(['retain', ...args], host), host, options }
}

test('imago retain tells of each artifact', async () => {
  const named = { type: 'docker-image', id: 'sha256:0', tags: ['web:1'] }
  const disk = { type: 'qemu-disk', id: 'sha256:1', files: [{ path: '/out/a.qcow2', size: 1 }] }
  const { code, host, options } = await retain(
    [],
    [retired('removed', { artifact: named }), retired('removed', { artifact: disk }), retired('kept', { why: 'container web uses it' })],
  )
  expect(code).toBe(0)
  expect(host.stdout.text.split('\n')).toEqual([
    expect.stringMatching(/^removed hello\.docker docker-image sha256:0 \(web:1\) \(made (1h|60m).* ago\)$/),
    expect.stringMatching(/^removed hello\.docker qemu-disk \/out\/a\.qcow2 \(made .* ago\)$/),
    expect.stringMatching(/^kept hello\.docker docker-image sha256:0 \(made .* ago\): container web uses it$/),
    '2 removed, 1 kept',
    '',
  ])
  expect(options).toMatchObject({ dryRun: false, stateDirectory: expect.stringMatching(/\/\.imago$/) })
})

test('imago retain --dry-run --json writes lines of JSON', async () => {
  const one = retired('would-remove')
  const { code, host, options } = await retain(['--dry-run', '--json', '--only', 'docker'], [one])
  expect([code, JSON.parse(host.stdout.text)]).toEqual([0, one])
  expect(options).toMatchObject({ dryRun: true, only: ['docker'] })
})

test('imago retain fails when something could not be removed', async () => {
  const { code, host } = await retain([], [retired('failed', { error: { code: 'TIMEOUT', message: 'timed out' } })])
  expect(code).toBe(1)
  expect(host.stdout.text).toMatch(/^could not remove .*: timed out\n1 could not be removed\n$/)
})

test('imago retain says when there is nothing to do', async () => {
  expect((await retain([], [])).host.stdout.text).toBe('nothing to remove\n')
})

test('imago retain needs an image that says how many stay', async () => {
  const host = await hostWithImage(sampleImage())
  expect(await main(['retain'], host)).toBe(2)
  expect(host.stderr.text).toContain('no image says how many of its artifacts stay')
  expect(host.stderr.text).toContain('retain: { last: 5 }')
})
