import { expect, test } from 'vitest'

import { applyFilters } from './filters.ts'
import { unlisted } from './table.ts'

const cows = ['brown (1)', 'brown*', 'black'].map((colour) => unlisted({ colour, legs: 4 }))
const fields = { colour: ({ data }: (typeof cows)[number]) => data.colour, legs: ({ data }: (typeof cows)[number]) => data.legs }

test.each<[string[], string[]]>([
  [['b*'], ['brown (1)', 'brown*', 'black']],
  [['brown (?)'], ['brown (1)']],
  [[String.raw`brown\*`], ['brown*']],
  [['BLACK'], []],
  [
    ['black', 'brown (1)'],
    ['brown (1)', 'black'],
  ],
  [['b.ack'], []],
])('colour %j: %j', (Values, found) => {
  expect(applyFilters(cows, [{ Name: 'colour', Values }], fields).map(({ data }) => data.colour)).toEqual(found)
})

test('filters add up; one without values, and one that is not known, are refused', () => {
  expect(
    applyFilters(
      cows,
      [
        { Name: 'colour', Values: ['b*'] },
        { Name: 'legs', Values: ['5'] },
      ],
      fields,
    ),
  ).toEqual([])
  expect(() => applyFilters(cows, [{ Name: 'colour' }], fields)).toThrow("The filter 'colour' has no values")
  expect(() => applyFilters(cows, [{ Name: 'toString', Values: ['x'] }], fields)).toThrow("The filter 'toString' is invalid")
})
