import { expect, it } from 'vitest'

it('exports just these names', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot()
})
