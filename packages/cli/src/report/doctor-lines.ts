import type { DoctorCheck } from '@imago/core'

import type { Diagnosis } from '../doctor.ts'
import { padEnd } from './display-width.ts'
import type { Style } from './style.ts'
import type { Symbols } from './symbols.ts'

/** What `imago doctor` has found, as a table for people. */
export function doctorLines(
  { examined, canBuild }: Diagnosis,
  { style, symbols }: { readonly style: Style; readonly symbols: Symbols },
): string[] {
  const width = Math.max(...examined.flatMap(({ checks }) => checks.map(({ name }) => name.length))) + 2
  const signs: Readonly<Record<DoctorCheck['status'], string>> = {
    ok: style('green', symbols.succeeded),
    limited: style('yellow', '!'),
    missing: style('red', symbols.failed),
  }
  const checkLines = ({ name, status, detail, hint }: DoctorCheck): string[] => {
    const [first = '', ...rest] = detail.split('\n')
    const indent = ' '.repeat(width + 4)
    return [
      `  ${signs[status]} ${padEnd(name, width)}${first}`,
      ...rest.map((line) => `${indent}${line}`),
      ...(hint === undefined ? [] : [`${indent}${style('bold', 'hint:')} ${hint}`]),
    ]
  }
  return [
    ...examined.flatMap(({ name, checks }) => [style('bold', name), ...checks.flatMap(checkLines), '']),
    canBuild ? 'this machine can build images' : style('red', 'this machine can build nothing yet'),
  ]
}
