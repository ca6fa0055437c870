import { expect, test } from 'vitest'

import { ownOf } from './own.ts'

const labels = { 'imago.run': 'run00001', 'imago.image': 'cow', 'imago.build': 'aws', 'imago.owner': 'me' }
const ctx = { runId: 'run00001', image: 'cow', build: 'aws', labels }

test('names say which build they belong to, and fit where AWS wants them short', () => {
  const own = ownOf(ctx, '1d')
  expect(own.name('key')).toBe('imago-run00001-cow-aws-key')
  const long = ownOf({ ...ctx, image: 'c'.repeat(80), build: 'a b' }, '1d')
  expect(long.name('profile', 64)).toMatch(/^imago-run00001-[0-9a-f]{8}$/)
  expect(long.name('profile', 64)).not.toBe(long.name('role', 64))
  expect(long.name('key')).toMatch(/-a_b-key$/)
})

test('tags say whose a thing is and until when; those of the user cannot change that', () => {
  const before = Date.now()
  const tags = ownOf(ctx, '2h').tags('name', { Name: 'mine', team: 'cows' })
  expect(tags).toMatchObject({ ...labels, Name: 'mine', team: 'cows', 'imago.name': 'name' })
  const expires = Date.parse(tags['imago.expires'] ?? '')
  expect(expires - before).toBeGreaterThanOrEqual(7_200_000)
  expect(expires - before).toBeLessThan(7_260_000)
})

test('a token is the same for the same request of a build, and another for each attempt at the build', () => {
  const own = ownOf(ctx, '1d')
  expect(own.token('instance', 't3.small')).toBe(own.token('instance', 't3.small'))
  expect(own.token('instance', 't3.small')).not.toBe(own.token('instance', 't3.medium'))
  expect(own.token('instance')).not.toBe(ownOf(ctx, '1d').token('instance'))
  expect(own.token('instance')).toMatch(/^[0-9a-f]{32}$/)
})

test('own is what bears the tags of this build', () => {
  const own = ownOf(ctx, '1d')
  expect(own.isOwn(own.tags('x'))).toBe(true)
  expect(own.isOwn({ ...labels, 'imago.build': 'other' })).toBe(false)
  expect(own.isOwn({})).toBe(false)
})
