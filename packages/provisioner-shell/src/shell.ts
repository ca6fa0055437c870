import type { ProvisionContext, Provisioner, Scope, StepOptions } from '@imago/core'
import { ImagoError, isImagoError, splitStepOptions } from '@imago/core'
import type { LoadedScript } from '@imago/script'
import { checkExitCode, loadScripts, resolveEnvironment, scriptInputs, scriptTitle } from '@imago/script'

import { runScript } from './run-script.ts'
import type { ShellOptions, ShellSettings } from './shell-options.ts'
import { shellIssues } from './shell-options.ts'

/**
 * Runs shell scripts in the machine. They and their environment go over the communicator's open connection: no file is made, and
 * nothing of them is in a process list. The commands of a script read an end of file.
 *
 * Fails with `COMMAND_FAILED` and the exit code when a script ends with another than `validExitCodes`, and with `DISCONNECTED` when the
 * connection breaks and `expectDisconnect` is not set.
 * @example shell({ inline: ['apt-get update', 'apt-get install -y nginx'], env: { DEBIAN_FRONTEND: 'noninteractive' } })
 * @example shell({ script: 'setup.sh', sudo: true, timeout: '10m' })
 */
export function shell<const N extends string = never>(options: ShellOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as ShellOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'shell',
    ...common,
    options: own,
    title: scriptTitle(own, 'shell'),
    validate: () => shellIssues(own),
    inputs: () => scriptInputs(own),
    platform: 'posix',
    cacheable: { revision: 1 },
    provision: async (context) => await runAll(own, common, context),
  }
}

async function runAll(options: ShellOptions, { expectDisconnect = false }: StepOptions, context: ProvisionContext): Promise<void> {
  const env = { ...context.env, ...resolveEnvironment(options.env ?? {}, context) }
  for await (const script of loadScripts(options, context)) {
    if (options.scripts !== undefined) context.emit({ type: 'message', level: 'info', text: `run ${script.name}` })
    const exitCode = await runOne(script, options, env, context).catch((error: unknown) => {
      if (expectDisconnect && isImagoError(error, 'DISCONNECTED')) return 'disconnected' as const
      throw error
    })
    if (exitCode !== 'disconnected') checkExitCode(script.name, exitCode, options.validExitCodes)
  }
}

async function runOne(
  script: LoadedScript,
  settings: ShellSettings,
  env: Readonly<Record<string, string>>,
  context: ProvisionContext,
): Promise<number> {
  try {
    return await runScript(script, settings, env, context)
  } catch (error) {
    if (!isImagoError(error, 'DISCONNECTED')) throw error
    throw new ImagoError('DISCONNECTED', `the connection broke while '${script.name}' ran: ${error.message}`, {
      cause: error,
      hint: 'a script that restarts the machine needs expectDisconnect: true',
    })
  }
}
