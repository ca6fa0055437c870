import type { Facts, ProvisionContext, StepOptions } from '@imago/core'
import { ImagoError, isImagoError } from '@imago/core'

import { resolveEnvironment } from './script-environment.ts'
import type { ScriptEnvironment } from './script-environment.ts'
import type { LoadedScript, ScriptSource } from './script-source.ts'
import { loadScripts } from './script-source.ts'

/** Scripts to run in a machine, and how the step that runs them was asked to do so. */
export type MachineScripts = ScriptSource & { readonly env?: ScriptEnvironment } & Pick<StepOptions, 'expectDisconnect'>

/** What running scripts in a machine needs of a step's context. */
type ScriptsContext = Pick<ProvisionContext, 'directory' | 'emit' | 'env' | 'maskSecret'> & { readonly facts: Facts }

/** Runs one script with its environment. Resolves with its exit code. */
export type RunScript = (script: LoadedScript, env: Readonly<Record<string, string>>) => Promise<number>

/**
 * Runs scripts in a machine, one after the other. A script that ends the connection has succeeded where that is expected.
 * @param check throws when a script has ended as it may not
 * @throws ImagoError `INPUT_MISSING` when a script is gone, `DISCONNECTED` when the connection breaks unexpectedly
 */
export async function runScripts(
  scripts: MachineScripts,
  context: ScriptsContext,
  run: RunScript,
  check: (name: string, exitCode: number) => void,
): Promise<void> {
  const env = { ...context.env, ...resolveEnvironment(scripts.env ?? {}, context) }
  for await (const script of loadScripts(scripts, context)) {
    if (scripts.scripts !== undefined) context.emit({ type: 'message', level: 'info', text: `run ${script.name}` })
    const exitCode = await run(script, env).catch((error: unknown) => {
      if (!isImagoError(error, 'DISCONNECTED')) throw error
      if (scripts.expectDisconnect === true) return 'disconnected' as const
      throw new ImagoError('DISCONNECTED', `the connection broke while '${script.name}' ran: ${error.message}`, {
        cause: error,
        hint: 'a script that restarts the machine needs expectDisconnect: true',
      })
    })
    if (exitCode !== 'disconnected') check(script.name, exitCode)
  }
}
