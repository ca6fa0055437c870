import { expect, it } from 'vitest'

import { parseChallenges } from './auth-challenge.ts'

it('parses quoted and plain parameters', () => {
  expect(parseChallenges('Bearer realm="https://auth.docker.io/token",service=docker, scope="repository:a,b:pull"')).toEqual([
    { scheme: 'bearer', parameters: { realm: 'https://auth.docker.io/token', service: 'docker', scope: 'repository:a,b:pull' } },
  ])
})

it('parses several challenges', () => {
  expect(parseChallenges('Negotiate, Basic realm="a \\"b\\"", Bearer realm="c"')).toEqual([
    { scheme: 'negotiate', parameters: {} },
    { scheme: 'basic', parameters: { realm: 'a "b"' } },
    { scheme: 'bearer', parameters: { realm: 'c' } },
  ])
})

it('finds nothing in nothing', () => {
  expect(parseChallenges('')).toEqual([])
})
