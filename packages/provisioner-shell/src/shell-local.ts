import type { Provisioner, Scope, StepOptions } from '@imago/core'
import { splitStepOptions } from '@imago/core'
import type { LocalScriptOptions } from '@imago/script'
import { localScriptIssues, runLocalScripts, scriptInputs, scriptTitle } from '@imago/script'

/** What `shellLocal` takes beside the common options of steps. */
export type ShellLocalOptions = LocalScriptOptions

/**
 * Runs shell scripts on this machine, while the other one is there: to make a file that a later step uploads, to register its address.
 * Their commands read an end of file; a cancelled script is killed with everything it started.
 *
 * Fails with `COMMAND_FAILED` and the exit code when a script ends with another than `validExitCodes`, and with `TOOL_MISSING` when
 * there is no such interpreter.
 * @example shellLocal({ inline: (facts) => [`ssh-keyscan ${facts.host} >> known_hosts`] })
 */
export function shellLocal<const N extends string = never>(options: ShellLocalOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own: parts } = splitStepOptions(options)
  const own = parts as ShellLocalOptions // what is left when the common options are gone
  return {
    kind: 'provisioner',
    type: 'shell-local',
    ...common,
    options: own,
    title: scriptTitle(own, 'shell-local'),
    validate: () => localScriptIssues(own),
    inputs: () => scriptInputs(own),
    cacheable: { never: 'it runs on this machine, of which there is no snapshot' },
    provision: (context) => runLocalScripts(own, context, { env: context.env }),
  }
}
