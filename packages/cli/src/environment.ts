import { homedir } from 'node:os'
import { join } from 'node:path'

/** What the command takes from the environment. No other file of it reads environment variables. */
export interface Environment {
  /** `IMAGO_VAR_name`, without the prefix. */
  readonly parameters: Readonly<Record<string, string>>
  /** `PKR_VAR_name`, without the prefix: for Packer's templates. */
  readonly packerVariables: Readonly<Record<string, string>>
  /** An environment variable's value, for templates that ask for any by its name. */
  value(name: string): string | undefined
  /** `FORCE_COLOR`: colours even where the output is no terminal, or none although it is. */
  readonly forceColor: boolean | undefined
  /** `NO_COLOR` is set. */
  readonly noColor: boolean
  /** `TERM` */
  readonly terminal: string | undefined
  /** `CI` is set: somebody reads the output later, even where it is a terminal. */
  readonly ci: boolean
  /** This is a job of GitHub Actions (`GITHUB_ACTIONS`), and the file that takes its summary (`GITHUB_STEP_SUMMARY`). */
  readonly gitHub: { readonly summaryFile: string | undefined } | undefined
  /** Where image files that were turned into JavaScript are kept: `$XDG_CACHE_HOME/imago`, or `~/.cache/imago`. */
  readonly cacheDirectory: string
}

const parameterPrefix = 'IMAGO_VAR_'
const packerPrefix = 'PKR_VAR_'

/** Reads the environment. @default that of this process */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const cacheHome = filled(variables.XDG_CACHE_HOME) ?? join(filled(variables.HOME) ?? homedir(), '.cache')
  return {
    parameters: withPrefix(parameterPrefix, variables),
    packerVariables: withPrefix(packerPrefix, variables),
    value: (name) => variables[name],
    forceColor: readForceColor(variables.FORCE_COLOR),
    noColor: filled(variables.NO_COLOR) !== undefined,
    terminal: variables.TERM,
    ci: filled(variables.CI) !== undefined && variables.CI !== 'false' && variables.CI !== '0',
    gitHub: variables.GITHUB_ACTIONS === 'true' ? { summaryFile: filled(variables.GITHUB_STEP_SUMMARY) } : undefined,
    cacheDirectory: join(cacheHome, 'imago'),
  }
}

function withPrefix(prefix: string, variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(variables).flatMap(([name, value]) =>
    value !== undefined && name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
  )
  return Object.fromEntries(entries)
}

function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

function readForceColor(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : value !== '0' && value !== 'false'
}
