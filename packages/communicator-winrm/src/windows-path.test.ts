import { expect, test } from 'vitest'

import { windowsPath } from './windows-path.ts'

test.for([
  ['c:/Windows/Temp/', 'c:\\Windows\\Temp'],
  ['C:\\', 'C:\\'],
  ['C:/', 'C:\\'],
  ['/', '\\'],
  ['a//b/../c', 'a\\c'],
  ['\\\\server\\share\\x\\', '\\\\server\\share\\x'],
] as const)('%s is %s', ([path, expected]) => {
  expect(windowsPath(path)).toBe(expected)
})
