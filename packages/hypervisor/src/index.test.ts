import { expect, test } from 'vitest'

test('the public names', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "SerialConsole",
      "cdImage",
      "fetchSource",
      "floppyImage",
      "freePort",
      "mediaInputs",
      "mediaSourceSchema",
      "noCloudFiles",
      "noCloudLabel",
      "parseBootCommand",
      "prepareSeeds",
      "scancodes",
      "seedServer",
      "shutDown",
      "typeBootCommand",
      "vmEntries",
      "vmInputs",
      "vmIssuesTogether",
      "waitForScreen",
      "waitForText",
    ]
  `)
})
