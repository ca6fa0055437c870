import { expect, test } from 'vitest'

test('the public names of the package', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "asShellCommand",
      "checkExitCode",
      "interpreter",
      "launcher",
      "loadScripts",
      "localScriptIssues",
      "plainText",
      "resolveEnvironment",
      "runLocalScripts",
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
