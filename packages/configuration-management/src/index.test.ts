import { expect, test } from 'vitest'

test('the public names', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "agentEntries",
      "agentFailure",
      "agentInputs",
      "agentIssues",
      "pathInputs",
      "plainData",
      "runLocalTool",
      "secretDataSchema",
      "withAgent",
    ]
  `)
})
