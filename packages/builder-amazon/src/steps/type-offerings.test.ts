import { expect, test } from 'vitest'

import { fakeAws } from '../../test/fake-aws.ts'
import { typeIssues, typeOfferings } from './type-offerings.ts'

const aws = fakeAws({
  DescribeInstanceTypeOfferings: () => ({
    InstanceTypeOfferings: [
      { InstanceType: 't3.small', Location: 'eu-west-1b' },
      { InstanceType: 't3.small', Location: 'eu-west-1a' },
      { InstanceType: 'm7i-flex.large', Location: 'eu-west-1c' },
    ],
  }),
})

test('a type is looked for in the zones of the instance, or, where any will do, in the region', async () => {
  const offerings = await typeOfferings(aws, ['t3.small', 'm7i-flex.large', 'x9.huge'], new AbortController())
  const issues = (instanceType: string | readonly string[], ...zones: readonly string[]) =>
    typeIssues({ instanceType }, offerings, { region: 'eu-west-1', zones }).map(
      ({ path, message, hint }) => `${path.join('.')}: ${message} (${hint ?? ''})`,
    )
  expect(issues(['t3.small', 'm7i-flex.large'])).toEqual([])
  expect(issues('x9.huge')).toEqual(["instanceType: eu-west-1 offers no 'x9.huge' (take another type, or another region)"])
  expect(issues('t3.small', 'eu-west-1c', 'eu-west-1a')).toEqual([])
  expect(issues(['m7i-flex.large', 't3.small'], 'eu-west-1c')).toEqual([
    "instanceType.1: eu-west-1c offers no 't3.small' (eu-west-1a, eu-west-1b have it)",
  ])
  expect(issues('x9.huge', 'eu-west-1c')).toEqual(["instanceType: eu-west-1 offers no 'x9.huge' (take another type, or another region)"])
})
