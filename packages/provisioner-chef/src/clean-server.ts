import type { ReadyAgent } from '@imago/configuration-management'
import type { ProvisionContext } from '@imago/core'
import { ImagoError, messageOf, timeLimit } from '@imago/core'
import * as v from 'valibot'

import type { ChefClientOptions } from './chef-client.ts'

/** How long removing the node and the client from the server may take, in milliseconds. */
const removeMs = 60_000

/** How `knife` is called in the machine. */
export interface KnifeOptions {
  /** The folder of the machine that holds it. @default looked for where Chef is */
  readonly binDirectory?: string
  /** Whether it runs as root. @default as Chef does */
  readonly sudo?: boolean
  /** Arguments behind those that it gets anyway. @default none */
  readonly extraArguments?: readonly string[]
}

/** The schema of {@link KnifeOptions}. */
export const knifeSchema: v.GenericSchema = v.strictObject({
  binDirectory: v.optional(v.pipe(v.string(), v.regex(/^\/+[^/]/, 'must be an absolute path of the machine'))),
  sudo: v.optional(v.boolean()),
  extraArguments: v.optional(v.array(v.string())),
})

/** Removes what the run has made on the server, also after a failure; what cannot be removed is a warning. */
export async function cleanServer(
  ready: ReadyAgent,
  { keepNode = false, clientKey, keepClient = clientKey !== undefined, knife = {} }: ChefClientOptions,
  { nodeName, config }: { readonly nodeName: string; readonly config: readonly string[] },
  { emit }: ProvisionContext,
): Promise<void> {
  const kinds = [...(keepNode ? [] : ['node']), ...(keepClient ? [] : ['client'])]
  if (kinds.length === 0) return
  try {
    for (const kind of kinds) await knifeRun(ready, knife, [kind, 'delete', nodeName, '--yes', ...config])
  } catch (error) {
    const text = `the ${kinds.join(' and the ')} '${nodeName}' may still be on the server: ${messageOf(error)}`
    emit({ type: 'message', level: 'warning', text })
  }
}

async function knifeRun(ready: ReadyAgent, options: KnifeOptions, args: readonly [kind: string, ...string[]]): Promise<void> {
  const { binDirectory, sudo, extraArguments = [] } = options
  const program = binDirectory === undefined ? await ready.find('knife') : `${binDirectory}/knife`
  if (program === undefined) throw new ImagoError('TOOL_MISSING', "there is no program 'knife' in the machine")
  const exitCode = await ready.run({
    program,
    args: [...args, ...extraArguments],
    signal: timeLimit(removeMs),
    ...(sudo !== undefined && { sudo }),
  })
  if (exitCode !== 0) throw new ImagoError('COMMAND_FAILED', `'knife ${args[0]} delete' ended with exit code ${exitCode}`, { exitCode })
}
