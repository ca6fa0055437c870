import { expect, test } from 'vitest'

import { commandLine, escapeForCmd, quoteArgument } from './command-line.ts'

/** The examples of Microsoft's "Parsing C command-line arguments", the other way round, and others that are known to be hard. */
test.for([
  ['plain', 'plain'],
  ['', '""'],
  ['a b', '"a b"'],
  ['a\tb', '"a\tb"'],
  ['a\\b', 'a\\b'],
  ['a\\', 'a\\'],
  ['a b\\', '"a b\\\\"'],
  ['a"b', '"a\\"b"'],
  ['a\\"b', '"a\\\\\\"b"'],
  ['a\\\\"b c', '"a\\\\\\\\\\"b c"'],
] as const)('%j is quoted as %s', ([word, quoted]) => {
  expect(quoteArgument(word)).toBe(quoted)
})

test('cmd.exe sees no meaning in any character of an argument', () => {
  expect(escapeForCmd('"100% & (a|b) <c> ^ !d!"')).toBe('^"100^% ^& ^(a^|b^) ^<c^> ^^ ^!d^!^"')
  expect(commandLine(['x.exe', 'a&b', '%PATH%'])).toBe('x.exe a^&b ^%PATH^%')
})

test('a string is a command line as it is', () => {
  expect(commandLine('dir "C:\\a b" & echo %PATH%')).toBe('dir "C:\\a b" & echo %PATH%')
})
