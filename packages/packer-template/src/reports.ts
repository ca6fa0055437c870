import type { Issue } from '@imago/core'

import type { Place } from './json/json-node.ts'
import type { Problem } from './problem.ts'
import { templateError } from './problem.ts'

/** Where something stands: in the file, and in the JSON. */
export interface Location {
  readonly at: Place
  readonly path: Issue['path']
}

/** Collects what is wrong with a template and what is worth a warning, so that all of it is told at once. */
export class Reports {
  readonly problems: Problem[] = []
  readonly warnings: Problem[] = []
  readonly #lenient: boolean

  constructor({ lenient = false }: { readonly lenient?: boolean | undefined } = {}) {
    this.#lenient = lenient
  }

  /** Something that makes the template unusable. */
  problem(where: Location, message: string, hint?: string): void {
    this.problems.push(problemAt(where, message, hint))
  }

  /** Something that Packer refuses although its meaning is clear: a warning for those who asked for leniency. */
  strictProblem(where: Location, message: string, hint?: string): void {
    const list = this.#lenient ? this.warnings : this.problems
    list.push(problemAt(where, message, hint))
  }

  warn(where: Location, message: string, hint?: string): void {
    this.warnings.push(problemAt(where, message, hint))
  }

  /** @throws ImagoError `DEFINITION_INVALID` when there is a problem */
  throwProblems(file: string): void {
    if (this.problems.length > 0) throw templateError(file, this.problems)
  }
}

/** A place inside another. */
export function inside({ path }: Location, at: Place, ...names: readonly (string | number)[]): Location {
  return { at, path: [...path, ...names] }
}

function problemAt({ at, path }: Location, message: string, hint: string | undefined): Problem {
  return { at, path, message, ...(hint !== undefined && { hint }) }
}
