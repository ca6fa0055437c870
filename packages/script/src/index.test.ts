import { expect, test } from 'vitest'

test('the public names of the package', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "asShellCommand",
      "checkExitCode",
      "interpreter",
      "loadScripts",
      "localScriptIssues",
      "plainText",
      "resolveEnvironment",
      "runLocalScripts",
      "scriptEnvironment",
      "scriptInputs",
      "scriptSourceEntries",
      "scriptSourceIssues",
      "scriptTitle",
      "shebang",
      "validExitCodes",
      "withUnixLines",
    ]
  `)
})
