import type { Issue } from '@imago/core'
import { formatPath } from '@imago/core'

import type { Style } from './style.ts'

/** A problem of a definition for people: where, what, and what to do. */
export function issueLines(issue: Issue, style: Style): string[] {
  const where = formatPath(issue.path)
  return [
    `${where === '' ? '' : `${style('red', `${where}:`)} `}${issue.message}`,
    ...(issue.hint === undefined ? [] : [`  ${style('bold', 'hint:')} ${issue.hint}`]),
  ]
}
