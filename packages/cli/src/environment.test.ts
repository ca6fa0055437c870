import { expect, test } from 'vitest'

import { readEnvironment } from './environment.ts'

test('takes parameters by their prefix', () => {
  expect(readEnvironment({ IMAGO_VAR_version: '1.4', IMAGO_VAR_EMPTY: '', IMAGO_OTHER: 'x', PATH: '/bin' }).parameters).toEqual({
    version: '1.4',
    EMPTY: '',
  })
})

test.each([
  [{}, { noColor: false, forceColor: undefined, ci: false }],
  [
    { NO_COLOR: '', CI: '' },
    { noColor: false, ci: false },
  ],
  [
    { NO_COLOR: '1', CI: 'true' },
    { noColor: true, ci: true },
  ],
  [{ FORCE_COLOR: '' }, { forceColor: true }],
  [{ FORCE_COLOR: '1' }, { forceColor: true }],
  [
    { FORCE_COLOR: '0', CI: 'false' },
    { forceColor: false, ci: false },
  ],
  [{ GITHUB_ACTIONS: 'false', GITHUB_STEP_SUMMARY: '/s' }, { gitHub: undefined }],
  [{ GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: '' }, { gitHub: { summaryFile: undefined } }],
  [{ GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: '/s' }, { gitHub: { summaryFile: '/s' } }],
])('reads %j as %j', (variables, environment) => {
  expect(readEnvironment(variables)).toMatchObject(environment)
})

test('keeps its cache where the desktop says', () => {
  expect(readEnvironment({ HOME: '/home/a' }).cacheDirectory).toBe('/home/a/.cache/imago')
  expect(readEnvironment({ HOME: '/home/a', XDG_CACHE_HOME: '/cache' }).cacheDirectory).toBe('/cache/imago')
})
