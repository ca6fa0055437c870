import type { ErrorJson } from '@imago/core'

import type { Style } from './style.ts'

/** An error for people: what is wrong, what is behind it, and what to do. */
export function errorLines(error: ErrorJson, title: string, style: Style): string[] {
  const [first = '', ...rest] = error.message.split('\n')
  const causes = error.code === 'DEFINITION_INVALID' ? [] : (error.causes ?? []).filter((cause) => !error.message.includes(cause))
  return [
    `${style('red', `${title}:`)} ${first}`,
    ...rest,
    ...causes.flatMap((cause) => indent(`because: ${cause}`)),
    ...(error.hint === undefined ? [] : indent(`${style('bold', 'hint:')} ${error.hint}`)),
  ]
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`)
}
