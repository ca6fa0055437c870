import type { ProvisionContext } from '@imago/core'
import { resolveEnvironment } from '@imago/script'

import type { Agent } from './agent.ts'
import type { AgentOptions } from './agent-options.ts'
import { checkSudo } from './check-sudo.ts'
import { findProgram } from './find-program.ts'
import { installAgent } from './install-agent.ts'
import { lineReader } from './line-reader.ts'
import type { MachineCommand } from './run-command.ts'
import { runCommand } from './run-command.ts'
import type { StagedFile } from './staging.ts'
import { withStaging } from './staging.ts'

/** What to run, and what it needs. */
export interface AgentJob {
  readonly agent: Agent
  readonly options: AgentOptions
  /** What the agent finds in the staging directory. */
  readonly files: readonly StagedFile[]
  /** Secrets of other places than `env` that the agent takes as environment variables. @default none */
  readonly env?: Readonly<Record<string, string>>
}

/** The machine with the agent, and with what it needs. */
export interface ReadyAgent {
  /** The path of its program. */
  readonly program: string
  /** The staging directory. */
  readonly directory: string
  /** Runs the agent's program, or another, as the step's options say. Its output is the step's. @returns its exit code */
  readonly run: (command: AgentCommand) => Promise<number>
  /** The path of another program of the agent's, such as `knife`; `undefined` when it is not there. */
  readonly find: (program: string) => Promise<string | undefined>
  /** Text of the agent, with the paths of this machine instead of those of the staging directory. */
  readonly withLocalPaths: (text: string) => string
}

/** How to run the agent's program. */
export interface AgentCommand {
  readonly args: readonly string[]
  /** @default the agent's program */
  readonly program?: string
  /** Beside those of the step. @default none */
  readonly env?: Readonly<Record<string, string>>
  /** @default the staging directory */
  readonly cwd?: string
  /** Whether it runs as root. @default what the step's options say */
  readonly sudo?: boolean
  /** Takes its output instead of the step's own. */
  readonly onOutput?: ProvisionContext['output']
  /** Told of each line that it prints. */
  readonly onLine?: (line: string) => void
  /** @default the step's own signal */
  readonly signal?: AbortSignal
}

/**
 * Sees to it that the agent is in the machine, brings what it needs into a staging directory, hands both over, and removes the directory
 * in the end, however it ended.
 * @throws ImagoError what {@link checkSudo}, {@link installAgent} and {@link withStaging} throw
 */
export async function withAgent<T>(job: AgentJob, ctx: ProvisionContext, use: (ready: ReadyAgent) => Promise<T>): Promise<T> {
  const { agent, options, files } = job
  const { sudo = true, stagingDirectory, binDirectory, env } = options
  await checkSudo(sudo, ctx)
  const environment = { ...ctx.env, ...resolveEnvironment(env ?? {}, ctx) }
  const program = await installAgent(agent, options, environment, ctx)
  const { folders } = agent
  return await withStaging({ name: agent.program, directory: stagingDirectory, files, sudo }, ctx, async (directory) => {
    const run = async (command: AgentCommand): Promise<number> => {
      const all = { ...environment, ...job.env, ...command.env }
      return await runProgram({ program, cwd: directory, sudo, ...command, env: all }, ctx)
    }
    return await use({
      program,
      directory,
      run,
      find: async (name) => await findProgram(name, { binDirectory, folders }, ctx),
      withLocalPaths: (text) => localPaths(text, directory, files),
    })
  })
}

/** A program with its environment and the user that it runs as. */
interface Program extends Omit<AgentCommand, 'sudo'> {
  readonly program: string
  readonly cwd: string
  readonly sudo: NonNullable<MachineCommand['sudo']>
}

async function runProgram(command: Program, ctx: ProvisionContext): Promise<number> {
  const { program, args, cwd, env, sudo, signal } = command
  const lines = lineReader(command.onLine ?? (() => undefined))
  const show = command.onOutput ?? ctx.output
  const onOutput: ProvisionContext['output'] = (stream, chunk) => {
    show(stream, chunk)
    lines.write(stream, chunk)
  }
  const about = { ...(env !== undefined && { env }), ...(signal !== undefined && { signal }) }
  const exitCode = await runCommand({ argv: [program, ...args], cwd, sudo, onOutput, ...about }, ctx)
  lines.end()
  return exitCode
}

/** Longer staged paths first: `a/b` before `a`. */
function localPaths(text: string, directory: string, files: readonly StagedFile[]): string {
  const places = files.flatMap((file) => ('path' in file ? [[`${directory}/${file.to}`, file.path.replace(/\/+$/, '')] as const] : []))
  return places.toSorted(([a], [b]) => b.length - a.length).reduce((said, [staged, local]) => said.replaceAll(staged, local), text)
}
