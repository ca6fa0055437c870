/** Reads what `salt-call` prints, line by line, and collects what failed. */
export interface SaltFailures {
  readonly onLine: (line: string) => void
  /** What failed, the first first: states, else what does not compile, else errors of the log. */
  readonly failures: () => readonly string[]
}

/** The lines that come before what does not compile. */
const headings = /^\s*(?:Data failed to compile|Pillar failed to render with the following messages):/

/** Makes a reader of the output that people read (`--out=highstate`), which is what `salt-call` prints for states. */
export function saltFailures(): SaltFailures {
  const states: string[] = []
  const compilation: string[] = []
  const logged: string[] = []
  let state: { id: string; call: string; hasFailed: boolean } | undefined
  let isCompilation = false
  return {
    onLine: (line) => {
      const [, key, value = ''] = /^\s+(ID|Function|Result|Comment): ?(.*)$/.exec(line) ?? []
      if (key === 'ID') state = { id: value, call: '', hasFailed: false }
      else if (key === 'Function' && state !== undefined) state.call = value
      else if (key === 'Result' && state !== undefined) state.hasFailed = value === 'False'
      else if (key === 'Comment' && state?.hasFailed === true) states.push(`${state.id} (${state.call}): ${value}`)
      else if (headings.test(line)) isCompilation = true
      else if (isCompilation && line.trim() !== '' && !/^-+$/.test(line.trim())) compilation.push(line.trim())
      const [, message] = /^\[(?:ERROR|CRITICAL) *\] *(.*)$/.exec(line) ?? []
      if (message !== undefined) logged.push(message)
    },
    failures: () => [states, compilation, logged].find((list) => list.length > 0) ?? [],
  }
}
