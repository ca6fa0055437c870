import { expect, test } from 'vitest'

test('pins the public names', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "main",
    ]
  `)
})
