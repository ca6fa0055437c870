/** What a `.dockerignore` file says. */
export interface IgnoreRules {
  /** Whether a path, relative and with `/`, is left out. A path below one that is left out is too, unless an exception says otherwise. */
  ignores(path: string): boolean
  /** Whether something below a folder that is left out may be kept. */
  readonly hasExceptions: boolean
}

interface Rule {
  readonly pattern: RegExp
  readonly isException: boolean
}

/**
 * Reads the text of a `.dockerignore` file (https://docs.docker.com/build/concepts/context/#dockerignore-files): a pattern a line, `#`
 * for comments, `!` for exceptions; the last rule that fits counts.
 */
export function ignoreRules(text: string): IgnoreRules {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .flatMap(toRule)
  return {
    ignores: (path) => rules.reduce((ignored, { pattern, isException }) => (pattern.test(path) ? !isException : ignored), false),
    hasExceptions: rules.some(({ isException }) => isException),
  }
}

function toRule(line: string): Rule[] {
  const isException = line.startsWith('!')
  const parts = (isException ? line.slice(1) : line)
    .trim()
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) return []
  return [{ pattern: toPattern(normalized(parts).join('/')), isException }]
}

function normalized(parts: readonly string[]): string[] {
  return parts.reduce<string[]>((done, part) => (part === '..' ? done.slice(0, -1) : [...done, part]), [])
}

/** A pattern of Go's `filepath.Match` with `**`, for a path or anything below it. */
function toPattern(glob: string): RegExp {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const rest = glob.slice(at)
    const set = /^\[(\^?)((?:\\.|[^\]\\])+)\]/.exec(rest)
    if (rest.startsWith('**/')) {
      source += '(?:.*/)?'
      at += 2
    } else if (rest.startsWith('**')) {
      source += '.*'
      at += 1
    } else if (rest.startsWith('*')) {
      source += '[^/]*'
    } else if (rest.startsWith('?')) {
      source += '[^/]'
    } else if (set !== null) {
      source += `[${set[1] ?? ''}${(set[2] ?? '').replace(/[[\]&~|]/g, '\\$&')}]`
      at += set[0].length - 1
    } else if (rest.startsWith('\\') && rest.length > 1) {
      at += 1
      source += literal(glob.charAt(at))
    } else {
      source += literal(rest.charAt(0))
    }
  }
  return new RegExp(`^${source}(?:/.*)?$`, 's')
}

function literal(character: string): string {
  return character.replace(/[$()*+./?[\\\]^{|}]/, '\\$&')
}
