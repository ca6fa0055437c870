import type { AgentOptions, ReadyAgent } from '@imago/configuration-management'
import { agentEntries, agentFailure } from '@imago/configuration-management'
import type { FromFacts, ProvisionContext, Secret } from '@imago/core'
import { optionSchema } from '@imago/core'
import { resolveEnvironment } from '@imago/script'
import * as v from 'valibot'

/** What `puppetApply` and `puppetAgent` both take beside the common options of steps. */
export interface PuppetOptions extends AgentOptions {
  /**
   * Facts of your own, beside `imago_build_name`, `imago_builder_type` and the same under Packer's names. In no process list.
   * Packer: `facter`. @default none
   */
  readonly facts?: Readonly<Record<string, FromFacts<string | Secret>>>
  /** How much Puppet says. @default 'notice' */
  readonly logLevel?: 'notice' | 'info' | 'debug'
}

/** The schema's entries for {@link PuppetOptions}. */
export const puppetEntries: Readonly<Record<keyof PuppetOptions, v.OptionalSchema<v.GenericSchema, undefined>>> = {
  ...agentEntries,
  facts: v.optional(
    v.record(
      v.pipe(
        v.string(),
        v.regex(/^[a-z][a-z0-9_]*$/, (issue) => `'${issue.input}' is not a name of a fact`),
      ),
      optionSchema.fromFacts(optionSchema.textOrSecret),
    ),
  ),
  logLevel: v.optional(v.picklist(['notice', 'info', 'debug'])),
}

/** The environment that brings facts to Facter. */
export function factEnvironment({ facts = {} }: PuppetOptions, ctx: ProvisionContext): Readonly<Record<string, string>> {
  const all = { ...ctx.env, ...resolveEnvironment(facts, ctx) }
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`FACTER_${name.toLowerCase()}`, value]))
}

/** What the exit codes of `--detailed-exitcodes` mean; 0 and 2 are none of them. */
const meanings: Readonly<Record<number, string>> = {
  1: 'no catalog was applied',
  4: 'resources failed',
  6: 'resources failed, after others were changed',
}

/**
 * Runs `puppet` with detailed exit codes.
 * @throws ImagoError `COMMAND_FAILED` unless the catalog was applied without a failure; it names the resource that failed first
 */
export async function runPuppet(
  ready: ReadyAgent,
  { command, args, cwd }: { readonly command: 'apply' | 'agent'; readonly args: readonly string[]; readonly cwd?: string | undefined },
  { logLevel = 'notice' }: PuppetOptions,
): Promise<void> {
  const errors: string[] = []
  const level = { notice: [], info: ['--verbose'], debug: ['--debug'] }[logLevel]
  const exitCode = await ready.run({
    args: [command, '--detailed-exitcodes', '--color=false', ...level, ...args],
    ...(cwd !== undefined && { cwd }),
    onLine: (line) => {
      if (line.startsWith('Error: ')) errors.push(line.slice('Error: '.length))
      else if (line.startsWith("Couldn't fetch certificate")) errors.push(line) // it goes to no log
    },
  })
  if (exitCode === 0 || exitCode === 2) return
  const resources = errors.filter((error) => error.startsWith('/Stage['))
  const failures = (resources.length > 0 ? resources : errors).map((error) => ready.withLocalPaths(error))
  throw agentFailure({ what: `puppet ${command}`, exitCode, failures, meaning: meanings[exitCode] })
}
