import type { Issue } from '@imago/core'
import { formatPath, ImagoError } from '@imago/core'

import type { Place } from './json/json-node.ts'

/** Something wrong in a template, or worth a warning, and where it stands. */
export interface Problem {
  readonly at: Place
  /** Where it is in the JSON, outermost first: `['builders', 0, 'image']`. */
  readonly path: Issue['path']
  /** In lower case, with the wrong value. */
  readonly message: string
  readonly hint?: string
}

/** A place as compilers write it: `template.json:12:7`. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

/** A problem for people, in one line. */
export function formatProblem({ at, path, message, hint }: Problem): string {
  const where = path.length === 0 ? '' : `${formatPath(path)}: `
  return `${formatPlace(at)}: ${where}${message}${hint === undefined ? '' : ` (${hint})`}`
}

/** The error that reports every problem of a template at once. */
export function templateError(file: string, problems: readonly Problem[]): ImagoError {
  const ordered = inFileOrder(problems)
  const count = ordered.length === 1 ? 'a problem' : `${ordered.length} problems`
  const lines = ordered.map((problem) => `  ${formatProblem(problem)}`)
  return new ImagoError('DEFINITION_INVALID', `${file} has ${count}:\n${lines.join('\n')}`, { issues: ordered.map(toIssue) })
}

/** Problems as they stand in the file, each once. */
export function inFileOrder(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]))
  return [...unique.values()].toSorted(
    (a, b) => compare(a.at.file, b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column || compare(a.message, b.message),
  )
}

function toIssue({ at, path, message, hint }: Problem): Issue {
  return { path, message: `${message} (${formatPlace(at)})`, ...(hint !== undefined && { hint }) }
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
