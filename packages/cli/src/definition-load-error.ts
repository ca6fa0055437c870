import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

import { ImagoError, isImagoError, messageOf, systemCode } from '@imago/core'

/** Where in a user's file something is wrong. */
interface Place {
  readonly file: string
  readonly line?: number
}

const ourPackages = fileURLToPath(new URL('../..', import.meta.url))

/** Says what is wrong with an image file that threw while it was loaded: in which file and line, and without the frames of our own code. */
export async function definitionLoadError(thrown: unknown, file: string, cwd: string): Promise<ImagoError> {
  const missing = missingModule(thrown, file)
  if (missing !== undefined) return missingModuleError(missing, thrown, cwd)
  const syntax = syntaxErrorPlace(thrown) ?? (thrown instanceof SyntaxError ? await checkedByNode(file) : undefined)
  if (syntax !== undefined) {
    return new ImagoError('DEFINITION_INVALID', `${show(syntax, cwd)}: ${syntaxMessage(thrown)}`, { cause: thrown })
  }
  const frames = userFrames(thrown, cwd)
  const where = frames[0]?.replace(/^.*\((.*)\)$/, '$1').replace(/:\d+$/, '') ?? show({ file }, cwd)
  if (isImagoError(thrown)) {
    return new ImagoError(thrown.code === 'INTERNAL' ? 'INTERNAL' : 'DEFINITION_INVALID', `${where}: ${thrown.message}`, {
      cause: thrown,
      ...(thrown.hint !== undefined && { hint: thrown.hint }),
      ...(thrown.issues !== undefined && { issues: thrown.issues }),
    })
  }
  const kind = thrown instanceof Error ? `${thrown.name}: ` : 'threw '
  const trace = frames.slice(0, 8).map((frame) => `\n    at ${frame}`)
  return new ImagoError('DEFINITION_INVALID', `${where}: ${kind}${readable(messageOf(thrown))}${trace.join('')}`, { cause: thrown })
}

interface MissingModule {
  readonly specifier: string
  readonly importer: string
}

function missingModule(thrown: unknown, file: string): MissingModule | undefined {
  const code = systemCode(thrown)
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return undefined
  const match = /^Cannot find (?:module|package) '([^']+)'(?: imported from (\S.*))?/.exec(messageOf(thrown))
  if (match?.[1] === undefined) return undefined
  return { specifier: match[1], importer: match[2] ?? requiredBy(thrown) ?? file }
}

function requiredBy(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('requireStack' in thrown) || !Array.isArray(thrown.requireStack)) return undefined
  const importer: unknown = thrown.requireStack[0]
  return typeof importer === 'string' ? importer : undefined
}

async function missingModuleError({ specifier, importer }: MissingModule, cause: unknown, cwd: string): Promise<ImagoError> {
  const place = show({ file: importer, ...(await lineWith(importer, isAbsolute(specifier) ? basename(specifier) : specifier)) }, cwd)
  if (specifier.startsWith('.') || isAbsolute(specifier)) {
    const path = isAbsolute(specifier) ? relative(cwd, specifier) : specifier
    return new ImagoError('DEFINITION_INVALID', `${place}: there is no '${path}' to import`, {
      cause,
      hint: 'check the path and the file extension',
    })
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  return new ImagoError('DEFINITION_INVALID', `${place}: the package '${name}' is not installed`, {
    cause,
    hint: `npm install --save-dev ${name}`,
  })
}

async function lineWith(file: string, text: string): Promise<{ readonly line?: number }> {
  const source = await readFile(file, 'utf8').catch(() => '')
  const index = source.split('\n').findIndex((line) => line.includes(`'${text}`) || line.includes(`"${text}`) || line.includes(`/${text}`))
  return index === -1 ? {} : { line: index + 1 }
}

/** `jiti` writes the place below the message, Node above the stack. */
function syntaxErrorPlace(thrown: unknown): Place | undefined {
  if (!(thrown instanceof Error)) return undefined
  const byJiti = /^ParseError: [^]*\n\s*(\/.+|[A-Za-z]:\\.+):(\d+):\d+\s*$/.exec(thrown.message)
  const byNode = thrown instanceof SyntaxError ? /^(file:\/\/.+|\/.+|[A-Za-z]:\\.+):(\d+)\n/.exec(thrown.stack ?? '') : null
  const match = byJiti ?? byNode
  if (match?.[1] === undefined) return undefined
  return { file: asPath(match[1]), line: Number(match[2]) }
}

/** Node 20 tells where a syntax error is only when the error ends the process; with `--check` nothing of the file is run. */
async function checkedByNode(file: string): Promise<Place | undefined> {
  const stderr = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--check', file], (_error, _stdout, text) => resolve(text))
  })
  const match = /^(.+):(\d+)\n/.exec(stderr)
  return match?.[1] === undefined ? undefined : { file: asPath(match[1]), line: Number(match[2]) }
}

function syntaxMessage(thrown: unknown): string {
  const [first = ''] = messageOf(thrown)
    .replace(/^ParseError: /, '')
    .split('\n', 1)
  // An import that its module does not have is a SyntaxError too, for Node.
  return first.startsWith('The requested module') ? first : `syntax error: ${first.trim()}`
}

/** The stack's frames in files of the user's own, as `name (file:line:column)`. */
function userFrames(thrown: unknown, cwd: string): string[] {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : ''
  return stack.split('\n').flatMap((line) => {
    const match = /^\s+at (?:(?:async )?(.*) \()?(?:async )?((?:file:\/\/)?(?:\/|[A-Za-z]:\\).*):(\d+):(\d+)\)?$/.exec(line)
    if (match?.[2] === undefined) return []
    const file = asPath(match[2])
    if (file.includes('node_modules') || file.startsWith(ourPackages)) return []
    const place = `${show({ file }, cwd)}:${match[3]}:${match[4]}`
    return [match[1] === undefined ? place : `${match[1]} (${place})`]
  })
}

function asPath(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file
}

function show({ file, line }: Place, cwd: string): string {
  const path = relative(cwd, file)
  return `${path.startsWith('..') ? file : path}${line === undefined ? '' : `:${line}`}`
}

/** `jiti` turns `name` into `(0 , _module.name)`. */
function readable(message: string): string {
  return message.replaceAll(/\(0 ?, ?\w+\.([\w$]+)\)/g, '$1')
}
