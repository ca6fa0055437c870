import type { ExecutionPolicy, ScriptCommand } from '@imago/provisioner-powershell'

import { inText } from '../mapping/current-value.ts'
import type { Known } from '../mapping/known.ts'
import { known } from '../mapping/known.ts'
import type { CodeWriter } from '../typescript/code-writer.ts'
import type { Expression } from '../typescript/expression.ts'
import { code, joined, textExpression } from '../typescript/expression.ts'
import type { CommandPiece, CommandPieces } from './command-piece.ts'

/** What a command that runs a script of PowerShell means. */
export interface PowershellExecution {
  readonly executionPolicy?: ExecutionPolicy
  readonly usePwsh: boolean
}

/** Stand for the script and its environment in a command that is looked at as a whole. */
const path = '\u{e000}'
const vars = '\u{e001}'

/** Statements around the script that change nothing of what it does here. */
const idleStatements: readonly RegExp[] = [
  /^$/,
  /^if ?\( ?test-path variable:global:progresspreference ?\) ?\{ ?(?:set-variable (?:-name )?(?:variable:global:)?progresspreference -value 'silentlycontinue'|\$progresspreference ?= ?'silentlycontinue') ?\}$/,
  /^\$progresspreference ?= ?'silentlycontinue'$/,
  /^(?:\. ?)?\u{e001}$/u,
  /^exit \$lastexitcode$/,
]

/** Packer's names of policies, which PowerShell takes in any case. */
const policies: Readonly<Record<string, ExecutionPolicy>> = {
  allsigned: 'AllSigned',
  bypass: 'Bypass',
  default: 'Default',
  none: 'none',
  remotesigned: 'RemoteSigned',
  restricted: 'Restricted',
  undefined: 'Undefined',
  unrestricted: 'Unrestricted',
}

/** The policy of that name; `undefined` when there is none. */
export function policyNamed(name: string): ExecutionPolicy | undefined {
  const key = name.toLowerCase()
  return Object.hasOwn(policies, key) ? policies[key] : undefined
}

/**
 * What a command means that starts PowerShell with the script, as Packer's own do: `powershell -executionpolicy bypass "& { …; &'{{.Path}}';
 * exit $LastExitCode }"`, or `… -file {{.Path}}`. `undefined` when it is another.
 */
export function understandPowershell(pieces: CommandPieces): PowershellExecution | undefined {
  const text = asOneText(pieces)
  const [, program = '', options = '', rest = ''] =
    /^\u{e001}?(powershell|pwsh)(?:\.exe)?((?: -(?:executionpolicy|ep) \w+| -(?:noprofile|nologo|noninteractive))*) (.*)$/u.exec(text) ?? []
  if (program === '' || !runsOnlyTheScript(rest)) return undefined
  const name = /-(?:executionpolicy|ep) (\w+)/.exec(options)?.[1]
  const executionPolicy = name === undefined ? 'none' : policyNamed(name)
  return executionPolicy === undefined ? undefined : { executionPolicy, usePwsh: program === 'pwsh' }
}

/** Whether what PowerShell is given is the script, and nothing that matters besides. */
function runsOnlyTheScript(rest: string): boolean {
  if (/^(?:-file )?["']?\u{e000}["']?$/u.test(rest)) return true
  const [, body] = /^(?:-command )?"? ?& ?\{(.*)\} ?"?$/u.exec(rest) ?? []
  const others = body?.split(';').map((statement) => statement.trim())
  const calls = others?.filter((statement) => /^& ?["']?\u{e000}["']?$/u.test(statement)) ?? []
  const isIdle = (statement: string): boolean => calls.includes(statement) || idleStatements.some((idle) => idle.test(statement))
  return calls.length === 1 && others?.every(isIdle) === true
}

/** Whether a command does nothing but run a batch file: `{{.Vars}}"{{.Path}}"`, `{{.Vars}} cmd /c "{{.Path}}"`, or with the path that it has. */
export function runsBatchFile(pieces: CommandPieces, remotePath: string): boolean {
  const text = asOneText(pieces).replaceAll('\\', '/').replaceAll(remotePath.toLowerCase().replaceAll('\\', '/'), path)
  return /^\u{e001}? ?(?:cmd(?:\.exe)? \/c )?(?:call )?"?\u{e000}"?$/u.test(text)
}

/** The command in lower case, with single spaces. */
function asOneText(pieces: CommandPieces): string {
  const text = pieces
    .map((piece) => {
      switch (piece.kind) {
        case 'text':
          return piece.text
        case 'value':
          return piece.value.value
        case 'path':
          return path
        default:
          return vars
      }
    })
    .join('')
  return text.toLowerCase().replaceAll(/\s+/g, ' ').trim()
}

/**
 * A command that is not understood, as it stands in the template. The environment is the command's own: where the template has it, there
 * is `vacant`.
 */
export function verbatimWindowsCommand(pieces: CommandPieces, vacant: '' | '{}'): Known<ScriptCommand> {
  const parts = withoutVars(pieces, vacant)
  const write = (writer: CodeWriter): Expression =>
    joined(
      parts.map((piece) => {
        switch (piece.kind) {
          case 'text':
            return textExpression(piece.text)
          case 'value':
            return inText(piece.value.code(writer))
          default:
            return code('path')
        }
      }),
    )
  return known<ScriptCommand>({
    value: (script) =>
      parts.map((piece) => (piece.kind === 'text' ? piece.text : piece.kind === 'value' ? piece.value.value : script.path)).join(''),
    key: `windows:${parts.map((piece) => (piece.kind === 'text' ? piece.text : piece.kind === 'value' ? piece.value.key : piece.kind)).join('')}`,
    code: (writer) => ({ kind: 'arrow', parameters: parts.some(({ kind }) => kind === 'path') ? '({ path })' : '()', body: write(writer) }),
  })
}

function isVars({ kind }: CommandPiece): boolean {
  return kind === 'vars' || kind === 'env-file'
}

function withoutVars(pieces: CommandPieces, vacant: '' | '{}'): CommandPieces {
  if (vacant !== '') return pieces.map((piece) => (isVars(piece) ? { kind: 'text', text: vacant } : piece))
  const [first, ...rest] = pieces.filter((piece) => !isVars(piece))
  if (first === undefined) return []
  return [first.kind === 'text' ? { kind: 'text', text: first.text.trimStart() } : first, ...rest]
}
