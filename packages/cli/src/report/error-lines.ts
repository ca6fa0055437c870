import type { ErrorJson } from '@imago/core'
import { outputLines } from '@imago/report/text'

import type { Style } from './style.ts'

/** An error for people: what is wrong, what is behind it, and what to do. What it quotes of others moves no cursor and sets no title. */
export function errorLines(error: ErrorJson, title: string, style: Style): string[] {
  const [first = '', ...rest] = plainLines(error.message)
  const causes = error.code === 'DEFINITION_INVALID' ? [] : (error.causes ?? []).filter((cause) => !error.message.includes(cause))
  return [
    `${style('red', `${title}:`)} ${first}`,
    ...rest,
    ...causes.flatMap((cause) => indent(plainLines(`because: ${cause}`))),
    ...(error.hint === undefined ? [] : indent([`${style('bold', 'hint:')} ${plainLines(error.hint).join('\n')}`])),
  ]
}

function plainLines(text: string): string[] {
  return outputLines(text, { colors: false })
}

function indent(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`)
}
