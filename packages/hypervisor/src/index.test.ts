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
      "matchedInputs",
      "mediaInputs",
      "mediaSourceSchema",
      "memberOf",
      "moveFile",
      "noCloudFiles",
      "noCloudLabel",
      "noteSource",
      "parseBootCommand",
      "prepareSeeds",
      "programMissing",
      "runProgram",
      "scancodes",
      "seedServer",
      "shutDown",
      "typeBootCommand",
      "unreachableIssues",
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
