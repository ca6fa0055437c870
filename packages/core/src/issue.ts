/** One problem in a definition, found before anything is started. */
export interface Issue {
  /** Where it is, outermost first: `['builders', 'docker', 'image']`. Components report paths from their own options on. */
  readonly path: readonly (string | number)[]
  /** What is wrong, in lower case, with the wrong value. */
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

/** A path as people write it: `builders.docker.image`, `provisioners[1].script`. */
export function formatPath(path: Issue['path']): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (!/^[\w$-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`
    return text === '' ? part : `${text}.${part}`
  }, '')
}

/** The same issues with `prefix` before each path. */
export function prefixIssues(prefix: Issue['path'], issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => ({ ...issue, path: [...prefix, ...issue.path] }))
}
