import { expect, test } from 'vitest'

test('the public names', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "amazonEbs",
      "amazonImport",
      "ebsSurrogate",
      "ebsVolume",
      "findAmi",
      "iamPolicy",
      "parameterStore",
      "plugin",
      "secretsManager",
      "sweepAmazon",
    ]
  `)
})
