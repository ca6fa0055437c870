import type { FromFacts, Secret, StepOptions } from '@imago/core'
import type { ElevatedOptions, ExecutionPolicy, PowershellOptions } from '@imago/provisioner-powershell'

import { always, flag, integer, lateText, text, textOrSecret } from '../mapping/coercions.ts'
import { chosen } from '../mapping/chosen.ts'
import { currentText } from '../mapping/current-value.ts'
import { environmentList, environmentMap } from '../mapping/environment.ts'
import { surely, togetherWith } from '../mapping/group.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { integers, lateTexts } from '../mapping/list-coercions.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { Coercion } from '../mapping/option-context.ts'
import type { ComponentTable, Composed } from '../mapping/table.ts'
import { as, defineTable, meaningless, taken } from '../mapping/table.ts'
import type { CommandPieces } from '../shell/command-piece.ts'
import { commandPieces } from '../shell/command-piece.ts'
import { policyNamed, understandPowershell, verbatimWindowsCommand } from '../shell/windows-command.ts'
import { buildValues } from '../text/field-table.ts'
import { windowsPathOf } from './windows-path.ts'

/** Names in any case, as PowerShell takes them. */
const policy: Coercion<ExecutionPolicy> = (node, ctx) => {
  const name = currentText(text(node, ctx)) ?? ''
  const known = policyNamed(name)
  return chosen<ExecutionPolicy>({
    renamed: known === undefined ? {} : { [name]: known },
    type: { name: 'ExecutionPolicy', package: '@imago/provisioner-powershell' },
  })(node, ctx)
}

/** A password that is known, or that of the connection. */
const password: Coercion<FromFacts<string | Secret>> = (node, ctx) => {
  const needs = node.kind === 'text' ? ctx.renderer.parse(node, ctx)?.needs : undefined
  const isLate = needs !== undefined && needs.fields.size + needs.buildValues.size > 0
  return isLate ? lateText(buildValues)(node, ctx) : textOrSecret(node, ctx)
}

/** `powershell` */
export const powershellTable: ComponentTable = defineTable<PowershellOptions & StepOptions>()({
  factory: { name: 'powershell', package: '@imago/provisioner-powershell' },
  load: async () => (await import('@imago/provisioner-powershell')).powershell,
  options: {
    inline: as('inline', lateTexts(buildValues)),
    script: as('script', always(localPath)),
    scripts: as('scripts', localPaths),
    environment_vars: taken(environmentList),
    env: taken(environmentMap),
    valid_exit_codes: as('validExitCodes', integers),
    remote_path: taken(text),
    execution_policy: taken(policy),
    use_pwsh: taken(flag),
    debug_mode: taken(integer),
    execute_command: taken(commandPieces),
    elevated_user: taken(text),
    elevated_password: taken(password),
    elevated_execute_command: taken(commandPieces),
    binary: meaningless('a script goes over as it is'),
    skip_clean: meaningless('a script is removed when it has run'),
    remote_env_var_path: meaningless('the environment goes over the connection'),
    env_var_format: meaningless('the environment goes over the connection'),
    elevated_env_var_format: meaningless('the environment is quoted here'),
    start_retry_timeout: meaningless('the connection is made again by itself'),
    pause_after: meaningless('the step after it waits'),
  },
  compose(given, ctx) {
    const env = { ...given.environment_vars, ...given.env }
    const elevated = togetherWith<ElevatedOptions>(['user'], { user: given.elevated_user, password: passwordOf(given) })
    if (elevated === undefined && given.elevated_password !== undefined)
      ctx.reports.problem(ctx, "'elevated_password' needs 'elevated_user'")
    const told = isKnown(given.elevated_execute_command) ? given.elevated_execute_command.value : undefined
    if (elevated !== undefined && told !== undefined && understandPowershell(told) === undefined) {
      ctx.noCounterpart('elevated_execute_command', 'the script runs in a scheduled task as it is; let it do what the command did')
    }
    // a command says how PowerShell is started, in the place of the options; what runs a script in a task is another one
    const command = elevated === undefined && isKnown(given.execute_command) ? given.execute_command.value : undefined
    const remotePath = windowsPathOf(given.remote_path, /\.ps1$/i, ctx)
    return {
      ...(Object.keys(env).length > 0 && { env }),
      ...(remotePath !== undefined && { remotePath }),
      ...(command === undefined ? startOf(given) : commandOf(command)),
      ...(elevated !== undefined && { elevated }),
    }
  },
})

interface GivenUser {
  readonly elevated_user?: Model<string>
  readonly elevated_password?: Model<FromFacts<string | Secret>>
}

/** Packer takes a password that is not there for an empty one; accounts of Windows itself have none. */
function passwordOf({ elevated_user: user, elevated_password: password }: GivenUser): Model<FromFacts<string | Secret>> | undefined {
  if (password !== undefined) return surely(password)
  return /(?:^|\\)(?:SYSTEM|(?:LOCAL|NETWORK) ?SERVICE)$/i.test(currentText(user) ?? '') ? undefined : ''
}

interface GivenStart {
  readonly execution_policy?: Model<ExecutionPolicy>
  readonly use_pwsh?: Model<boolean>
  readonly debug_mode?: Model<number>
}

function startOf({ execution_policy: executionPolicy, use_pwsh: usePwsh, debug_mode: trace }: GivenStart): Composed<PowershellOptions> {
  return {
    ...(executionPolicy !== undefined && { executionPolicy }),
    ...(usePwsh !== undefined && { usePwsh }),
    // what else it may be is checked with all options
    ...(trace !== undefined && { trace: trace as Model<0 | 1 | 2> }),
  }
}

function commandOf(pieces: CommandPieces): Composed<PowershellOptions> {
  const execution = understandPowershell(pieces)
  if (execution === undefined) return { command: verbatimWindowsCommand(pieces, '{}') }
  const { executionPolicy, usePwsh } = execution
  return { ...(executionPolicy !== 'Bypass' && { executionPolicy }), ...(usePwsh && { usePwsh }) }
}
