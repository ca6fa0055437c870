import { isUtf8 } from 'node:buffer'

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
const unixShells: readonly string[] = ['sh', '/bin/sh', '/usr/bin/sh']

/** A script as POSIX wants it: lines end with LF, and no byte order mark hides the first line. Bytes that are not UTF-8 stay. */
export function withUnixLines(content: Buffer): Buffer {
  const body = content.subarray(0, 3).equals(byteOrderMark) ? content.subarray(3) : content
  return body.includes('\r\n') ? Buffer.from(body.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') : body
}

/**
 * The interpreter that a script's first line names, as Linux reads it: a path and at most one argument (execve(2)). `undefined` when
 * the line names none.
 */
export function shebang(content: Buffer): readonly string[] | undefined {
  if (!content.subarray(0, 2).equals(Buffer.from('#!'))) return undefined
  const end = content.indexOf('\n')
  const line = content
    .subarray(2, end === -1 ? content.length : end)
    .toString('utf8')
    .trim()
  const [path, argument] = line.split(/[ \t]+(.*)/s)
  return path === undefined || path === '' ? undefined : [path, ...(argument === undefined ? [] : [argument])]
}

/**
 * A script as a command for the machine's POSIX shell, when that is the interpreter; else `undefined`. Options such as `-e` become a
 * `set` in the place of the first line or, when that names no interpreter, before it.
 */
export function asShellCommand(content: Buffer, interpreter: readonly string[]): string | undefined {
  const [program = '', ...args] = interpreter[0]?.endsWith('/env') === true ? interpreter.slice(1) : interpreter
  const [flags, ...more] = args
  if (!unixShells.includes(program) || more.length > 0) return undefined
  if (flags !== undefined && !/^-[aefuvx]+$/.test(flags)) return undefined
  if (!isUtf8(content) || content.includes(0)) return undefined
  const text = content.toString('utf8')
  if (flags === undefined) return text
  return `set ${flags}\n${text.startsWith('#!') ? text.replace(/^.*\n?/, '') : text}`
}
