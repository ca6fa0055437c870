import { expect, test } from 'vitest'

import { homeRegion, regionIssues } from './region.ts'

test('which regions there are is asked where somebody answers', () => {
  const asked = [
    'eu-west-1',
    'us-gov-east-1',
    'cn-north-1',
    'us-west-9',
    'eu-central-7',
    'us-gov-west-7',
    'cn-east-1',
    'us-iso-east-9',
    'eusc-de-east-1',
  ]
  expect(Object.fromEntries(asked.map((name) => [name, homeRegion(name)]))).toEqual({
    'eu-west-1': 'eu-west-1',
    'us-gov-east-1': 'us-gov-east-1',
    'cn-north-1': 'cn-north-1',
    'us-west-9': 'us-east-1',
    'eu-central-7': 'us-east-1',
    'us-gov-west-7': 'us-gov-west-1',
    'cn-east-1': 'cn-north-1',
    'us-iso-east-9': 'us-iso-east-9',
    'eusc-de-east-1': 'eusc-de-east-1',
  })
})

test('a region that is not there is told, with the one that is meant, or what to do', () => {
  const wanted = ['eu-west-11', 'ap-east-2', 'eu-west-1'].map((region) => ({ region, path: ['region'] }))
  expect(regionIssues(wanted, ['eu-west-1', 'us-east-1'])).toEqual([
    { path: ['region'], message: "the account has no region 'eu-west-11'", hint: "did you mean 'eu-west-1'?" },
    { path: ['region'], message: "the account has no region 'ap-east-2'", hint: 'the region must be enabled in the account first' },
  ])
})
