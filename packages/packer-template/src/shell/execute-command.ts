import type { Known } from '../mapping/known.ts'
import type { CommandPieces, CommandPiece } from './command-piece.ts'
import type { ShellToken } from './shell-words.ts'
import { isLine, isPath, plainWord, shellTokens } from './shell-words.ts'

/** What an `execute_command` means. */
export interface Execution {
  /** Runs it as another user. */
  readonly sudo?: { readonly user?: string; readonly password?: CommandPiece; readonly preserveEnv: boolean }
  /** What runs the script, when it does not run by itself. */
  readonly interpreter?: readonly string[]
  /** Words around the command that runs the script: `argv` and `line` stand for it. */
  readonly wrap?: readonly (string | Known<string> | { readonly stands: 'argv' | 'line' })[]
  /** Variables that the command sets itself. */
  readonly env: Readonly<Record<string, string>>
}

/** What an `execute_command` means; `undefined` when that cannot be told. */
export function understandCommand(pieces: CommandPieces): Execution | undefined {
  const tokens = shellTokens(pieces)
  if (tokens === undefined) return undefined
  const [pipeline, ...others] = statementsOf(tokens).filter((statement) => !makesExecutable(statement))
  if (pipeline === undefined || others.length > 0) return undefined
  const commands = split(pipeline, '|')
  const [first, second] = commands
  if (commands.length === 1 && first !== undefined) return understandWords(first, undefined)
  if (commands.length !== 2 || first === undefined || second === undefined) return undefined
  const password = printedPassword(first)
  return password === undefined ? undefined : understandWords(second, password)
}

function statementsOf(tokens: readonly ShellToken[]): readonly (readonly ShellToken[])[] {
  return split(tokens, ';', '&&', '\n').filter((statement) => statement.length > 0)
}

function split(tokens: readonly ShellToken[], ...operators: readonly string[]): readonly (readonly ShellToken[])[] {
  const parts: ShellToken[][] = [[]]
  for (const token of tokens) {
    if (token.kind === 'operator' && operators.includes(token.text)) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

/** `chmod +x {{.Path}}`: scripts need not be executable here. */
function makesExecutable(statement: readonly ShellToken[]): boolean {
  const words = statement.filter(({ kind }) => kind !== 'vars')
  const start = plainWord(words[0]) === 'sudo' ? 1 : 0
  return plainWord(words[start]) === 'chmod' && words.length === start + 3 && isPath(words[start + 2])
}

/** `echo 'vagrant'`: a password for `sudo -S`. */
function printedPassword(command: readonly ShellToken[]): CommandPiece | undefined {
  const words = command.filter(({ kind }) => kind !== 'vars')
  const program = plainWord(words[0])
  const rest = words.slice(program === 'echo' && plainWord(words[1]) === '-e' ? 2 : 1)
  const password = program === 'printf' ? rest[1] : rest[0]
  if (program === 'printf' ? !/^%s(?:\\n)?$/.test(plainWord(rest[0]) ?? '') || rest.length !== 2 : program !== 'echo' || rest.length > 1)
    return undefined
  if (password === undefined) return { kind: 'text', text: '' }
  if (password.kind !== 'word' || password.segments.length > 1) return undefined
  const [only = { kind: 'text', text: '' } as const] = password.segments
  return only.kind === 'text' || only.kind === 'value' ? only : undefined
}

function understandWords(tokens: readonly ShellToken[], password: CommandPiece | undefined): Execution | undefined {
  const words = new Words(tokens)
  const env = words.environment()
  words.skip('exec')
  if (words.next() !== 'sudo') {
    // Only sudo reads a password.
    if (password !== undefined) return undefined
    return script(words, env) ?? wrapped(words, env)
  }
  words.skip('sudo')
  const sudo = sudoOptions(words, password)
  if (sudo === undefined) return undefined
  const { home, ...options } = sudo
  // `-H` is about root's own home; that of another user is not known.
  if (home && options.user !== undefined) return undefined
  const rest = script(words, { ...env, ...words.environment(), ...(home && { HOME: '/root' }) })
  return rest && { ...rest, sudo: options }
}

/** `bash -e {{.Path}}`, `{{.Path}}`, `sh -c '{{.Vars}} {{.Path}}'`. */
function script(words: Words, env: Execution['env']): Execution | undefined {
  const rest = words.rest()
  const last = rest.at(-1)
  const before = rest.slice(0, -1).map(plainWord)
  if (before.some((word) => word === undefined)) return undefined
  const interpreter = before.filter((word) => word !== undefined)
  if (interpreter.length === 2 && isShell(interpreter[0]) && interpreter[1] === '-c') return inner(last, env)
  if (!isPath(last)) return undefined
  if (interpreter.length === 0) return { env }
  return isInterpreter(interpreter) ? { interpreter, env } : undefined
}

/** A command line inside of a word: `sh -c '{{.Vars}} {{.Path}}'`. */
function inner(word: ShellToken | undefined, env: Execution['env']): Execution | undefined {
  if (word?.kind !== 'word') return undefined
  const tokens = shellTokens(word.segments)
  const [statement, ...others] = tokens === undefined ? [] : statementsOf(tokens).filter((each) => !makesExecutable(each))
  if (statement === undefined || others.length > 0) return undefined
  const words = new Words(statement)
  const more = { ...env, ...words.environment() }
  words.skip('exec')
  return script(words, more)
}

/** Another program around the script: `chroot /mnt {{.Path}}`, `su - deploy -c '{{.Vars}} {{.Path}}'`. */
function wrapped(words: Words, env: Execution['env']): Execution | undefined {
  const rest = words.rest()
  const places = rest.filter((token) => isLine(token) || isPath(token))
  if (places.length !== 1 || plainWord(rest[0]) === undefined) return undefined
  const wrap = rest.map((token, index) => {
    if (isPath(token)) return index === rest.length - 1 ? ({ stands: 'argv' } as const) : undefined
    if (isLine(token)) return { stands: 'line' } as const
    return plainWord(token)
  })
  return wrap.every((word) => word !== undefined) ? { wrap, env } : undefined
}

function sudoOptions(
  words: Words,
  password: CommandPiece | undefined,
): (NonNullable<Execution['sudo']> & { readonly home: boolean }) | undefined {
  let preserveEnv = false
  let home = false
  let reads = false
  let user: string | undefined
  for (let word = words.next(); word?.startsWith('-') === true; word = words.next()) {
    words.skip(word)
    if (word === '--') break
    if (word === '-u' || word === '--user') {
      user = words.next()
      if (user === undefined) return undefined
      words.skip(user)
    } else if (word === '--preserve-env') preserveEnv = true
    else if (word === '--stdin') reads = true
    else if (word === '--set-home') home = true
    else if (/^-[EHSnk]+$/.test(word)) {
      preserveEnv ||= word.includes('E')
      home ||= word.includes('H')
      reads ||= word.includes('S')
    } else if (word !== '--non-interactive') return undefined
  }
  const given = reads && password !== undefined && !(password.kind === 'text' && password.text === '')
  return { preserveEnv, home, ...(user !== undefined && { user }), ...(given && { password }) }
}

function isShell(word: string | undefined): boolean {
  return /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a|k|z)?sh$/.test(word ?? '')
}

/** Programs that run a script that is their last argument, and options for them. */
function isInterpreter([program, ...options]: readonly string[]): boolean {
  if (!isShell(program) && !/^(?:\/[\w./-]*\/)?(?:python[\d.]*|perl|ruby|pwsh)$/.test(program ?? '')) return false
  return options.every((option) => /^[-+][A-Za-z]+$/.test(option) && !option.includes('c'))
}

/** The words of a command, taken one after the other. */
class Words {
  readonly #tokens: readonly ShellToken[]
  #at = 0

  constructor(tokens: readonly ShellToken[]) {
    this.#tokens = tokens
  }

  /** The next word, when it is known to the letter. */
  next(): string | undefined {
    while (this.#tokens[this.#at]?.kind === 'vars') this.#at++
    return plainWord(this.#tokens[this.#at])
  }

  /** Goes past a word, if it is the next one. */
  skip(word: string): void {
    if (this.next() === word) this.#at++
  }

  /** Goes past what sets variables: `A=b`, `env A=b`. */
  environment(): Record<string, string> {
    const env: Record<string, string> = {}
    for (let word = this.next(); word !== undefined; word = this.next()) {
      const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(word)
      if (assignment?.[1] !== undefined) env[assignment[1]] = assignment[2] ?? ''
      else if (word !== 'env') break
      this.#at++
    }
    return env
  }

  /** What is left, without the script's environment. */
  rest(): readonly ShellToken[] {
    return this.#tokens.slice(this.#at).filter(({ kind }) => kind !== 'vars')
  }
}
