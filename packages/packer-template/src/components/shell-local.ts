import type { FromFacts } from '@imago/core'
import type { ShellLocalOptions } from '@imago/provisioner-shell'

import { always, text } from '../mapping/coercions.ts'
import { environmentList, environmentMap } from '../mapping/environment.ts'
import { currentText, currentTexts } from '../mapping/current-value.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { integers, lateLine, lateTexts, texts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { OptionContext } from '../mapping/option-context.ts'
import type { ComponentTable, Composed, Factory } from '../mapping/table.ts'
import { as, defineTable, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import type { CommandPieces } from '../shell/command-piece.ts'
import { commandWords } from '../shell/command-piece.ts'
import { buildValues } from '../text/field-table.ts'

const platforms = ['aix', 'darwin', 'freebsd', 'linux', 'openbsd', 'sunos', 'win32'] as const
/** What Go calls a system and Node does not. */
const platformNames: Readonly<Record<string, (typeof platforms)[number]>> = { windows: 'win32', solaris: 'sunos' }

/** `shell-local`, as a provisioner. */
export const shellLocalTable: ComponentTable = shellLocal(
  { name: 'shellLocal', package: '@imago/provisioner-shell' },
  async () => (await import('@imago/provisioner-shell')).shellLocal,
)

/** `shell-local`, as a post-processor. */
export const shellLocalPostProcessorTable: ComponentTable = shellLocal(
  { name: 'shellLocal', package: '@imago/post-processor-shell-local' },
  async () => (await import('@imago/post-processor-shell-local')).shellLocal,
)

function shellLocal(factory: Factory, load: () => Promise<(options: ShellLocalOptions) => object>): ComponentTable {
  return defineTable<ShellLocalOptions>()({
    factory,
    load,
    options: {
      inline: taken(lateTexts(buildValues)),
      command: taken(lateLine(buildValues)),
      script: as('script', always(localPath)),
      scripts: as('scripts', localPaths),
      environment_vars: taken(environmentList),
      env: taken(environmentMap),
      inline_shebang: taken(text),
      execute_command: taken(commandWords),
      only_on: taken(texts),
      valid_exit_codes: as('validExitCodes', integers),
      env_var_format: meaningless('the environment is that of the process'),
      tempfile_extension: noCounterpart('write the lines into a file with that ending, and name it with script'),
      use_linux_pathing: meaningless('it is about Bash on Windows'),
    },
    compose(given, ctx) {
      if (given.inline !== undefined && given.command !== undefined) ctx.reports.problem(ctx, "'command' and 'inline' exclude each other")
      const env = { ...given.environment_vars, ...given.env }
      const onlyOn = given.only_on === undefined ? undefined : platformsOf(given.only_on, ctx)
      return {
        ...inlineOf(given.inline ?? given.command, given.inline_shebang),
        ...(Object.keys(env).length > 0 && { env }),
        ...(onlyOn !== undefined && { onlyOn }),
        ...interpreterOf(isKnown(given.execute_command) ? given.execute_command.value : undefined, ctx),
      }
    },
  })
}

function inlineOf(
  inline: Model<FromFacts<readonly string[]>> | undefined,
  shebang: Model<string> | undefined,
): Composed<ShellLocalOptions> {
  if (inline === undefined) return {}
  const [program, argument] = (currentText(shebang) ?? '')
    .replace(/^#!/, '')
    .trim()
    .split(/\s+(.*)/s)
  if (program === undefined || program === '' || (program === '/bin/sh' && argument === '-e')) return { inline }
  return { inline, interpreter: argument === undefined || argument === '' ? program : [program, argument] }
}

function platformsOf(names: Model<readonly string[]>, ctx: OptionContext): Composed<ShellLocalOptions>['onlyOn'] {
  const known = currentTexts(names).flatMap((name) => {
    const platform = platformNames[name] ?? platforms.find((candidate) => candidate === name)
    if (platform === undefined) ctx.reports.problem(ctx, `'only_on' knows no system '${name}'`, `known: ${platforms.join(', ')}, windows`)
    return platform ?? []
  })
  return known.length === 0 ? undefined : known
}

/** A command of words, of which the last is the script: what stands before it runs the script. */
function interpreterOf(words: readonly CommandPieces[] | undefined, ctx: OptionContext): Composed<ShellLocalOptions> {
  if (words === undefined) return {}
  const last = words.at(-1) ?? []
  const before = words.slice(0, -1).map((word) => word.map((piece) => (piece.kind === 'text' ? piece.text : undefined)))
  const program = before.map((word) => (word.length === 1 ? word[0] : undefined))
  const kinds = last.filter((piece) => piece.kind !== 'text' || piece.text.trim() !== '').map(({ kind }) => kind)
  const runsScript = kinds.join(' ') === 'path' || kinds.join(' ') === 'vars path'
  const known = program.filter((word) => word !== undefined)
  if (!runsScript || known.length !== program.length) {
    ctx.reports.problem(ctx, "'execute_command' is not understood", "write a program and its options, and '{{.Script}}' last")
    return {}
  }
  // `/bin/sh -c script` runs the script by its own first line.
  return known.at(-1) === '-c' || known.length === 0 ? {} : { interpreter: known }
}
