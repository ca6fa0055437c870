import { expect, test } from 'vitest'

test('the public names', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "SerialConsole",
      "byteSize",
      "byteSizeSchema",
      "cdImage",
      "digestFile",
      "fetchSource",
      "floppyImage",
      "freePort",
      "mediaInputs",
      "mediaSourceSchema",
      "moveFile",
      "noCloudFiles",
      "noCloudLabel",
      "parseBootCommand",
      "prepareSeeds",
      "scancodes",
      "seedServer",
      "shutDown",
      "typeBootCommand",
      "useMachine",
      "vmEntries",
      "vmInputs",
      "vmIssuesTogether",
      "waitForScreen",
      "waitForText",
      "writeError",
      "writeOutputs",
    ]
  `)
})
