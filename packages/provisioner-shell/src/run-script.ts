import { isUtf8 } from 'node:buffer'

import type { ExecOptions, ProvisionContext } from '@imago/core'
import { ImagoError, messageOf, timeLimit } from '@imago/core'
import type { LoadedScript } from '@imago/script'
import { asShellCommand, launcher, plainText, runsAsOther, shebang, sudoOptions, underSudo, withUnixLines } from '@imago/script'

import type { ShellSettings } from './shell-options.ts'
import { underWrap } from './wrapping.ts'

/** How long removing the file of a script may take, in milliseconds. */
const removeMs = 10_000

/** A script on its way into the machine. */
interface Job {
  readonly settings: ShellSettings
  readonly context: ProvisionContext
  readonly env: Readonly<Record<string, string>>
  readonly content: Buffer
  /** Empty for a program that runs by itself. */
  readonly interpreter: readonly string[]
}

/** Runs a script in the machine. Resolves with its exit code. */
export async function runScript(
  script: LoadedScript,
  settings: ShellSettings,
  env: Readonly<Record<string, string>>,
  context: ProvisionContext,
): Promise<number> {
  const content = settings.binary === true ? script.content : withUnixLines(script.content)
  const given = typeof settings.interpreter === 'string' ? [settings.interpreter] : settings.interpreter
  const unnamed = settings.binary === true ? [] : script.defaultInterpreter
  const job = { settings, context, env, content, interpreter: given ?? shebang(content) ?? unnamed }
  return settings.remotePath === undefined ? await runFromInput(job) : await runAsFile(job, settings.remotePath)
}

/** The script goes over as a command of the machine's own shell or, for another interpreter, on standard input. */
async function runFromInput(job: Job): Promise<number> {
  const command = isWrapped(job.settings) ? undefined : asShellCommand(job.content, job.interpreter)
  return command === undefined ? await launch(job, job.content) : await execute(job, command, job.settings.workdir)
}

/** The script becomes a file of the machine and is removed when it has run. */
async function runAsFile(job: Job, path: string): Promise<number> {
  const { settings, context, content, interpreter } = job
  const mode = runsAsOther(sudoOptions(settings.sudo)) ? 0o755 : 0o700
  await context.machine.upload({ content }, path, { mode, signal: context.signal })
  try {
    return isWrapped(settings) ? await launch(job, { path }) : await execute(job, [...interpreter, path], settings.workdir)
  } finally {
    await remove(path, context)
  }
}

/** Starts the script through a launcher: what is wrapped around it cleans the environment and goes where it likes. */
async function launch(job: Job, script: Buffer | { readonly path: string }): Promise<number> {
  const { settings, context, interpreter } = job
  const sudo = sudoOptions(settings.sudo)
  const inside = isWrapped(settings)
  const { text, stdin } = launcher({
    interpreter,
    script,
    env: inside ? job.env : {},
    workdir: inside ? settings.workdir : undefined,
    password: sudo?.password === undefined ? undefined : plainText(sudo.password, context),
  })
  return await execute(job, surrounded(job, text), inside ? undefined : settings.workdir, stdin)
}

/** The launcher with what is around it. */
function surrounded({ settings, context }: Job, text: string): string {
  const argv = ['sh', '-c', text]
  const sudo = sudoOptions(settings.sudo)
  if (sudo !== undefined) return underSudo(argv, sudo)
  return settings.wrap === undefined ? text : underWrap(argv, settings.wrap, context.facts)
}

async function execute(
  { context, env }: Job,
  command: string | readonly string[],
  cwd: string | undefined,
  stdin?: Buffer,
): Promise<number> {
  const options: ExecOptions = {
    env,
    signal: context.signal,
    onOutput: context.output,
    ...(cwd !== undefined && { cwd }),
    ...(stdin !== undefined && { stdin: isUtf8(stdin) && !stdin.includes(0) ? stdin.toString('utf8') : stdin }),
  }
  const { exitCode } = await context.machine.exec(command, options)
  return exitCode
}

/** Removes the file of a script, also after a cancel; a failure is a warning, and does not hide how the script ended. */
async function remove(path: string, { machine, emit }: ProvisionContext): Promise<void> {
  try {
    const { exitCode } = await machine.exec(['rm', '-f', '--', path], { signal: timeLimit(removeMs) })
    if (exitCode !== 0) throw new ImagoError('COMMAND_FAILED', `rm ended with exit code ${exitCode}`, { exitCode })
  } catch (error) {
    emit({ type: 'message', level: 'warning', text: `the script ${path} is still in the machine: ${messageOf(error)}` })
  }
}

function isWrapped(settings: ShellSettings): boolean {
  return settings.wrap !== undefined || sudoOptions(settings.sudo) !== undefined
}
