import { expect, test } from 'vitest'

test('the public names', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "clearAuthorizedKey",
      "createKeyPair",
      "publicKeyOf",
      "reboot",
      "sshAccessEntries",
      "sshCommunicator",
      "sshEntries",
      "sshInputs",
      "sshIssuesTogether",
    ]
  `)
})
