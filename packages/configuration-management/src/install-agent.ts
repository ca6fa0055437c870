import type { ProvisionContext } from '@imago/core'
import { formatDuration, ImagoError } from '@imago/core'
import { shebang } from '@imago/script'

import type { Agent, PackageManager } from './agent.ts'
import type { AgentOptions } from './agent-options.ts'
import { findPackageManager, findProgram, requireProgram } from './find-program.ts'
import type { ScriptInstallation } from './installation.ts'
import { loadScript } from './load-script.ts'
import type { MachineCommand } from './run-command.ts'
import { runCommand } from './run-command.ts'
import { withStaging } from './staging.ts'

/** How long apt may wait for another that holds its lock, as new machines of clouds do at first, in seconds. */
const lockSeconds = 300

/** What installs packages, one command after the other. */
const commands: Readonly<Record<PackageManager, readonly (readonly [string, ...(readonly string[])])[]>> = {
  'apt-get': [
    ['apt-get', '-q', '-o', `DPkg::Lock::Timeout=${lockSeconds}`, 'update'],
    ['apt-get', '-q', '-y', '-o', `DPkg::Lock::Timeout=${lockSeconds}`, '--no-install-recommends', 'install', '--'],
  ],
  dnf: [['dnf', '-y', 'install', '--']],
  yum: [['yum', '-y', 'install', '--']],
  zypper: [['zypper', '--non-interactive', 'install', '--']],
  apk: [['apk', 'add', '--no-cache', '--']],
}

/**
 * Installs the agent as the options say, unless it is there.
 * @returns the path of its program
 * @throws ImagoError `TOOL_MISSING` when it is not there in the end, `COMMAND_FAILED` when installing it fails, `UNSUPPORTED` when there
 * is no package for this machine; `CHECKSUM_MISMATCH`, `NETWORK`, `INPUT_MISSING` for the script
 */
export async function installAgent(
  agent: Agent,
  options: AgentOptions,
  env: MachineCommand['env'],
  ctx: ProvisionContext,
): Promise<string> {
  const { install = 'none', binDirectory } = options
  if (install === 'none') return await requireProgram(agent, binDirectory, ctx)
  const found = await findProgram(agent.program, { binDirectory, folders: agent.folders }, ctx)
  if (found !== undefined) return found
  const started = performance.now()
  const run = async (argv: MachineCommand['argv'], extra: MachineCommand['env'] = {}): Promise<number> =>
    await runCommand({ argv, env: { ...env, ...extra }, sudo: options.sudo ?? true }, ctx)
  if (typeof install === 'object' && install.script !== undefined) await installByScript(agent, install, options, { run, ctx })
  else if (typeof install === 'object' && install.command !== undefined) await installByCommand(agent, install.command, run)
  else await installPackages(agent, install === 'package' ? undefined : install.packages, { run, ctx })
  const program = await requireProgram(agent, binDirectory, ctx)
  const took = formatDuration(performance.now() - started)
  ctx.emit({ type: 'message', level: 'info', text: `${agent.title} is installed (${program}, ${took})` })
  return program
}

/** What installing needs. */
interface Installer {
  readonly run: (argv: MachineCommand['argv'], extra?: MachineCommand['env']) => Promise<number>
  readonly ctx: ProvisionContext
}

async function installPackages(agent: Agent, given: readonly string[] | undefined, { run, ctx }: Installer): Promise<void> {
  const manager = await findPackageManager(ctx)
  const packages = given ?? agent.packages[manager]
  if (packages === undefined) {
    throw new ImagoError('UNSUPPORTED', `no package of ${agent.title} is known for ${manager}`, {
      hint: "name them: install: { packages: ['…'] }, or use install: { script, checksum }",
    })
  }
  for (const [index, command] of commands[manager].entries()) {
    const argv: MachineCommand['argv'] = index === commands[manager].length - 1 ? [...command, ...packages] : command
    const exitCode = await run(argv, { DEBIAN_FRONTEND: 'noninteractive' })
    if (exitCode === 0) continue
    throw new ImagoError('COMMAND_FAILED', `'${argv.join(' ')}' ended with exit code ${exitCode}`, {
      exitCode,
      hint: `see its output; a repository that has ${packages.join(' and ')} can be added in an earlier step`,
    })
  }
}

async function installByCommand(agent: Agent, command: string, run: Installer['run']): Promise<void> {
  const exitCode = await run(['sh', '-c', command])
  if (exitCode === 0) return
  throw new ImagoError('COMMAND_FAILED', `the command that installs ${agent.title} ended with exit code ${exitCode}: ${command}`, {
    exitCode,
    hint: 'see its output',
  })
}

async function installByScript(
  agent: Agent,
  install: ScriptInstallation,
  { sudo = true }: AgentOptions,
  { run, ctx }: Installer,
): Promise<void> {
  const script = await loadScript(install, ctx)
  const files = [{ to: 'install', content: script.toString('utf8'), mode: 0o700 }]
  const name = `${agent.program}-install`
  await withStaging({ name, files, sudo }, ctx, async (directory) => {
    const [program = '/bin/sh', ...rest] = [...(shebang(script) ?? ['/bin/sh']), `${directory}/install`, ...(install.arguments ?? [])]
    const exitCode = await run([program, ...rest])
    if (exitCode === 0) return
    throw new ImagoError(
      'COMMAND_FAILED',
      `the script '${install.script}', which installs ${agent.title}, ended with exit code ${exitCode}`,
      {
        exitCode,
        hint: 'see its output',
      },
    )
  })
}
