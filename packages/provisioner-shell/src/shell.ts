import type { Provisioner, Scope, StepOptions } from '@imago/core'
import { splitStepOptions } from '@imago/core'
import { checkExitCode, runScripts, scriptInputs, scriptTitle } from '@imago/script'

import { runScript } from './run-script.ts'
import type { ShellOptions } from './shell-options.ts'
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
    provision: async (context) =>
      await runScripts(
        { ...own, expectDisconnect: common.expectDisconnect ?? false },
        context,
        async (script, env) => await runScript(script, own, env, context),
        (name, exitCode) => checkExitCode(name, exitCode, own.validExitCodes),
      ),
  }
}
