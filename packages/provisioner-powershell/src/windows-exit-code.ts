import { ImagoError } from '@imago/core'

/** By the code without its sign. */
const meanings: Readonly<Record<number, string>> = {
  5: 'access was denied: the step may need elevated rights',
  1618: 'another installation is going on: try again, with retry',
  1641: 'an installer has begun to restart the machine: give expectDisconnect: true',
  3010: 'an installer wants the machine restarted: add 3010 to validExitCodes, and windowsRestart() after the step',
  9009: 'a command was not found: check its name and PATH, or install it in an earlier step',
  [0xc000_0005]: 'a program crashed: it touched memory that is not its own',
  [0xc000_0135]: 'a program could not be started: a DLL that it needs is missing',
  [0xc000_013a]: 'it was ended',
  [0x8007_052e]: 'the user name or the password is wrong',
}

/**
 * Fails unless a script ended as it may. Codes have 32 bits: -1 is 4294967295.
 * @throws ImagoError `COMMAND_FAILED`, with the exit code
 */
export function checkWindowsExitCode(name: string, exitCode: number, valid: readonly number[] = [0]): void {
  const code = exitCode >>> 0
  if (valid.some((each) => each >>> 0 === code)) return
  const shown = code >= 0x8000_0000 ? `${exitCode} (0x${code.toString(16)})` : `${exitCode}`
  throw new ImagoError('COMMAND_FAILED', `'${name}' ended with exit code ${shown}`, {
    exitCode,
    hint: meanings[code] ?? 'see its output; a code that is no failure goes into validExitCodes',
  })
}
