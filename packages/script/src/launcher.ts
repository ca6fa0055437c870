import { shellExports, shellJoin, shellQuote } from '@imago/core'

/** How a script is started by a shell that something else has started: `sudo`, another interpreter's pipe, a wrapping of the user's. */
export interface Launch {
  /** Runs the script, whose path is added as the last argument. */
  readonly interpreter: readonly string[]
  /** The script, or where it is in the machine. */
  readonly script: Buffer | { readonly path: string }
  /** Exported before the script starts. Handed over on standard input, past whatever cleans the environment. */
  readonly env: Readonly<Record<string, string>>
  readonly workdir?: string | undefined
  /** For what stands before the launcher and may read a line: `sudo -S` does, unless it needs no password. */
  readonly password?: string | undefined
}

/** A launcher: shell text, and what it reads. Neither the environment nor the script is in the text. */
export interface Launcher {
  readonly text: string
  readonly stdin: Buffer
}

/** The line after a password, by which the launcher sees whether the password was taken. */
const afterPassword = 'imago'

/**
 * The launcher of a script. It reads its environment and the script from standard input, and hands the script to the interpreter as a
 * file descriptor of its own: the commands of the script find their standard input at its end, and can eat none of it.
 */
export function launcher({ interpreter, script, env, workdir, password }: Launch): Launcher {
  const exports = shellExports(env)
  const lines = [
    ...(password === undefined ? [] : [`IFS= read -r l; [ "$l" = ${afterPassword} ] || IFS= read -r l`]),
    ...(exports === '' ? [] : [readLines(exports.split('\n').length - 1), 'eval "$e"; unset e i l']),
    ...(workdir === undefined ? [] : [`CDPATH= cd -- ${shellQuote(workdir)} || exit 126`]),
    ...(Buffer.isBuffer(script) ? runFromInput(interpreter) : [`exec ${shellJoin([...interpreter, script.path])} </dev/null`]),
  ]
  const stdin = [
    Buffer.from(password === undefined ? '' : `${password}\n${afterPassword}\n`),
    Buffer.from(exports),
    Buffer.isBuffer(script) ? script : Buffer.alloc(0),
  ]
  return { text: lines.join('\n'), stdin: Buffer.concat(stdin) }
}

/** `read` takes its input byte by byte: what follows the lines is left for the interpreter. */
function readLines(count: number): string {
  return `e=; i=0; while [ "$i" -lt ${count} ]; do IFS= read -r l; e="$e$l\n"; i=$((i + 1)); done`
}

/**
 * `cat` makes a pipe of standard input that the user who runs the script may open by its path, which a socket or another user's pipe
 * does not allow. What the script leaves unread is read at its end, lest `cat` waits for ever for a process in the background to do so.
 */
function runFromInput(interpreter: readonly string[]): readonly string[] {
  return [
    'cat | {',
    'exec 3<&0 </dev/null; if [ -e /dev/fd/3 ]; then f=/dev/fd/3; else f=/proc/self/fd/3; fi',
    `${shellJoin(interpreter)} "$f"`,
    'r=$?; cat <&3 >/dev/null; exit "$r"; }',
  ]
}
