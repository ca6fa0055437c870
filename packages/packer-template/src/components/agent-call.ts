import type { FromFacts } from '@imago/core'

import { isYes } from '../mapping/current-value.ts'
import type { Environment } from '../mapping/environment.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import type { ComponentContext } from '../mapping/table.ts'
import type { AgentCommand, AgentCommandForm } from '../shell/agent-command.ts'
import { understandAgentCommand } from '../shell/agent-command.ts'

type Arguments = Model<FromFacts<readonly string[]>>

/** Options of Packer that say how an agent is called. */
export interface GivenCall {
  readonly prevent_sudo?: Model<boolean> | undefined
  readonly environment_vars?: Model<Environment> | undefined
  readonly extra_arguments?: Arguments | undefined
}

/** The same as ours. */
export interface AgentCall {
  readonly sudo?: false
  readonly env?: Model<Environment>
  readonly extraArguments?: Arguments
  readonly binDirectory?: string
}

/** How an agent is called, by the options about it and by `execute_command`, where there is one. */
export function agentCall(given: GivenCall, form: AgentCommandForm, ctx: ComponentContext): AgentCall {
  const { extra_arguments: extra, environment_vars: environment } = given
  const written = ctx.options.members.get('execute_command')?.value
  const isWritten = written !== undefined && !(written.kind === 'plain' && written.value === null)
  const command = isWritten ? understandAgentCommand(written, form, ctx) : asUsual
  const extraArguments = command && joinedArguments(command.arguments, extra)
  if (command === undefined || extraArguments === 'unknown') {
    ctx.noCounterpart('execute_command', 'write what it adds with extraArguments, env and sudo')
    return {}
  }
  const keepsUser = command.sudo === 'never' || (command.sudo === 'asked' && isYes(given.prevent_sudo))
  return {
    ...(keepsUser && { sudo: false }),
    ...environmentOf(command, environment),
    ...(extraArguments !== undefined && { extraArguments }),
    ...(command.binDirectory !== undefined && { binDirectory: command.binDirectory }),
  }
}

const asUsual: AgentCommand = { env: {}, sudo: 'asked', arguments: [] }

function environmentOf({ env: own }: AgentCommand, environment: Model<Environment> | undefined): Pick<AgentCall, 'env'> {
  if (Object.keys(own).length === 0) return environment === undefined ? {} : { env: environment }
  return { env: { ...environment, ...own } }
}

/** Those of the command before those of the option; `'unknown'` when one text stands for all of the latter. */
export function joinedArguments(own: readonly Model<string>[], extra: Arguments | undefined): Arguments | 'unknown' | undefined {
  if (own.length === 0 || extra === undefined) return own.length === 0 ? extra : own
  return isKnown(extra) || typeof extra === 'function' ? 'unknown' : [...own, ...extra]
}
