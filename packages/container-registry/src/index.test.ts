import { expect, test } from 'vitest'

test('the public names of the package', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "containerConfigEntries",
      "formatImageReference",
      "formatPlatform",
      "helperCredentials",
      "helperLoginEntries",
      "imagePackageUrl",
      "localPlatform",
      "openRegistry",
      "parseImageReference",
      "parsePlatform",
      "registryCredentials",
    ]
  `)
})
