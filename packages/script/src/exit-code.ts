import { ImagoError } from '@imago/core'

const meanings: Readonly<Record<number, string>> = {
  126: 'a program could not be executed: check its permissions, and the interpreter that its first line names',
  127: 'a command was not found: check its name and PATH, or install it in an earlier step',
  137: 'it was killed (SIGKILL): the machine may be short of memory',
  143: 'it was asked to end (SIGTERM)',
}

/**
 * Fails unless a script ended as it may.
 * @throws ImagoError `COMMAND_FAILED`, with the exit code.
 */
export function checkExitCode(name: string, exitCode: number, valid: readonly number[] = [0]): void {
  if (valid.includes(exitCode)) return
  const signal = exitCode > 128 ? `signal ${exitCode - 128} ended it` : undefined
  const meaning = meanings[exitCode] ?? signal ?? 'see its output; a code that is no failure goes into validExitCodes'
  throw new ImagoError('COMMAND_FAILED', `'${name}' ended with exit code ${exitCode}`, { exitCode, hint: meaning })
}
