import { ImagoError } from '@imago/core'

/** How many characters a command line of `cmd.exe` may have. */
const maxLength = 8191

/**
 * The command line that `cmd.exe` gets. Of an array the program gets exactly these arguments, when it splits them as Microsoft's C
 * runtime does.
 * @throws ImagoError `UNSUPPORTED` when it is too long, or has several lines
 */
export function commandLine(command: string | readonly string[]): string {
  const line = typeof command === 'string' ? command : escapeForCmd(command.map(quoteArgument).join(' '))
  if (/[\r\n\0]/.test(line)) {
    throw new ImagoError('UNSUPPORTED', `cmd.exe takes one line, and the command '${beginning(line)}' has several`, {
      hint: 'upload a script and run that',
    })
  }
  if (line.length > maxLength) {
    throw new ImagoError('UNSUPPORTED', `the command '${beginning(line)}' has ${line.length} characters, and cmd.exe takes ${maxLength}`, {
      hint: 'upload a script and run that',
    })
  }
  return line
}

/** An argument as Microsoft's C runtime reads it back: backslashes before a quote count double. */
export function quoteArgument(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
}

/**
 * Lets `cmd.exe` hand on text as it is. A caret before a quote lets it see no quotes at all, so that one before each character with a
 * meaning takes that away; behind `%` it makes another name of what would be a variable's, and is taken away later.
 */
export function escapeForCmd(line: string): string {
  return line.replaceAll(/[()%!^"<>&|]/g, '^$&')
}

function beginning(line: string): string {
  return line.slice(0, 60).split(/[\r\n\0]/)[0] ?? ''
}
