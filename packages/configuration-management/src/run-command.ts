import type { ProvisionContext } from '@imago/core'
import type { SudoOptions } from '@imago/script'
import { launcher, plainText, sudoOptions, underSudo } from '@imago/script'

/** What running a command needs of a step's context. */
export type MachineContext = Pick<ProvisionContext, 'machine' | 'maskSecret' | 'output' | 'signal'>

/** A program to run in the machine. */
export interface MachineCommand {
  readonly argv: readonly [program: string, ...args: readonly string[]]
  /** @default none */
  readonly env?: Readonly<Record<string, string>>
  /** @default the communicator's own folder */
  readonly cwd?: string
  /** As root, with sudo where the user is not root. @default false */
  readonly sudo?: boolean | SudoOptions
  /** @default the step's own output */
  readonly onOutput?: ProvisionContext['output']
  /** @default the step's own signal */
  readonly signal?: AbortSignal
}

/**
 * Runs a program in the machine. Its environment travels on standard input where sudo would drop it: it is in no process list. The
 * program itself reads an end of file.
 * @returns its exit code
 */
export async function runCommand(command: MachineCommand, ctx: MachineContext): Promise<number> {
  const { argv, env = {}, cwd } = command
  const options = { signal: command.signal ?? ctx.signal, onOutput: command.onOutput ?? ctx.output }
  const sudo = sudoOptions(command.sudo)
  if (sudo === undefined) {
    return (await ctx.machine.exec(argv, { ...options, env, ...(cwd !== undefined && { cwd }) })).exitCode
  }
  const [last = '', ...before] = argv.toReversed()
  const { text, stdin } = launcher({
    interpreter: before.toReversed(),
    script: { path: last },
    env,
    workdir: cwd,
    password: sudo.password === undefined ? undefined : plainText(sudo.password, ctx),
  })
  const { exitCode } = await ctx.machine.exec(underSudo(['sh', '-c', text], sudo), { ...options, stdin: stdin.toString('utf8') })
  return exitCode
}

/** Runs a program in the machine and keeps what it prints on standard output, which the display does not get. */
export async function outputOf(
  command: MachineCommand,
  ctx: MachineContext,
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const chunks: Uint8Array[] = []
  const onOutput: MachineCommand['onOutput'] = (stream, chunk) => {
    if (stream === 'stdout') chunks.push(Uint8Array.from(chunk))
  }
  const exitCode = await runCommand({ ...command, onOutput }, ctx)
  return { exitCode, text: Buffer.concat(chunks).toString('utf8').trim() }
}
