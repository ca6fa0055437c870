import { expect, test } from 'vitest'

test('the public names', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "artifice",
    ]
  `)
})
