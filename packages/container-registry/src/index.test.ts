import { expect, test } from 'vitest'

test('the public names of the package', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "containerConfigEntries",
      "formatImageReference",
      "formatPlatform",
      "helperLoginEntries",
      "imagePackageUrl",
      "localPlatform",
      "loginCredentials",
      "openRegistry",
      "parseImageReference",
      "parsePlatform",
      "registryCredentials",
    ]
  `)
})
