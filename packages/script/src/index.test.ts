import { expect, test } from 'vitest'

test('the public names of the package', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "asShellCommand",
      "checkExitCode",
      "interpreter",
      "launcher",
      "localScriptIssues",
      "plainText",
      "resolveEnvironment",
      "runLocalScripts",
      "runScripts",
      "runsAsOther",
      "scriptEnvironment",
      "scriptInputs",
      "scriptSourceEntries",
      "scriptSourceIssues",
      "scriptTitle",
      "shebang",
      "sudoOptions",
      "sudoSchema",
      "underSudo",
      "validExitCodes",
      "withUnixLines",
    ]
  `)
})
