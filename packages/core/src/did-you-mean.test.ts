import { expect, test } from 'vitest'

import { didYouMean, nameHint } from './did-you-mean.ts'

test.for([
  ['dokcer', 'docker'],
  ['dockr', 'docker'],
  ['Docker', 'docker'],
  ['dockerr', 'docker'],
  ['pull', 'pul'],
  ['xyz', undefined],
] as const)('%s: %s', ([word, expected]) => {
  expect(didYouMean(word, ['docker', 'aws', 'pul'])).toBe(expected)
})

test('a hint names the closest, or all, or says that there are none', () => {
  expect(nameHint('dokcer', ['docker', 'aws'])).toBe("did you mean 'docker'?")
  expect(nameHint('something', ['docker', 'aws'])).toBe('known: docker, aws')
  expect(nameHint('something', [])).toBe('there are none')
})
