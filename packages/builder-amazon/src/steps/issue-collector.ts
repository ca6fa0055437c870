import type { Issue } from '@imago/core'
import { formatPath, ImagoError, isImagoError, messageOf } from '@imago/core'

/** Gathers what is wrong with a definition, so that all of it is told at once. */
export interface IssueCollector {
  /** What was found so far. */
  readonly issues: readonly Issue[]
  readonly add: (...issues: readonly Issue[]) => void
  /** What a look-up finds; when it says that the definition is wrong, an issue at this option, and `undefined`. Other errors are thrown. */
  readonly at: <T>(path: Issue['path'], lookUp: Promise<T>) => Promise<T | undefined>
}

/** Makes one. */
export function issueCollector(): IssueCollector {
  const issues: Issue[] = []
  return {
    issues,
    add: (...more) => void issues.push(...more),
    at: async (path, lookUp) => {
      try {
        return await lookUp
      } catch (error) {
        if (!isImagoError(error, 'DEFINITION_INVALID') && !isImagoError(error, 'IMAGE_NOT_FOUND')) throw error
        issues.push(issueOf(error, path))
        return undefined
      }
    },
  }
}

/** An error as a problem of the option at a path. */
export function issueOf(error: unknown, path: Issue['path']): Issue {
  const hint = isImagoError(error) ? error.hint : undefined
  return { path, message: messageOf(error), ...(hint !== undefined && { hint }) }
}

/**
 * Ends a build whose definition is wrong.
 * @throws ImagoError `DEFINITION_INVALID` with all of the issues, unless there is none
 */
export function refuse(issues: readonly Issue[]): void {
  const [first] = issues
  if (first === undefined) return
  throw new ImagoError('DEFINITION_INVALID', issues.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('; '), {
    issues,
    ...(first.hint !== undefined && { hint: first.hint }),
  })
}
