import { ImagoError } from '@imago/core'

import type { Agent, PackageManager } from './agent.ts'
import type { MachineContext } from './run-command.ts'
import { outputOf } from './run-command.ts'

/** Where a program may be. */
export interface ProgramPlaces {
  /** The only folder to look in, where the options name it. */
  readonly binDirectory?: string | undefined
  /** Where to look when `PATH` does not have it. */
  readonly folders: readonly string[]
}

/** The path of a program in the machine, or its name where the machine's shell tells no path; `undefined` when it is not there. */
export async function findProgram(name: string, places: ProgramPlaces, ctx: MachineContext): Promise<string | undefined> {
  const { binDirectory, folders } = places
  const script = 'for p in "$@"; do p=$(command -v -- "$p") && { echo "$p"; exit; }; done; exit 1'
  const candidates = binDirectory === undefined ? [name, ...folders.map((folder) => `${folder}/${name}`)] : [`${binDirectory}/${name}`]
  const { exitCode, text } = await outputOf({ argv: ['sh', '-c', script, 'sh', ...candidates] }, ctx)
  if (exitCode !== 0) return undefined
  return text.startsWith('/') ? text : (candidates[0] ?? name)
}

/**
 * The path of an agent's program.
 * @throws ImagoError `TOOL_MISSING` when it is not there
 */
export async function requireProgram(agent: Agent, binDirectory: string | undefined, ctx: MachineContext): Promise<string> {
  const found = await findProgram(agent.program, { binDirectory, folders: agent.folders }, ctx)
  if (found !== undefined) return found
  const where = binDirectory === undefined ? 'in the machine' : `in the machine's ${binDirectory}`
  throw new ImagoError('TOOL_MISSING', `there is no program '${agent.program}' ${where}`, { hint: missingHint(agent) })
}

function missingHint({ title, packages, hint }: Agent): string {
  const names = [...new Set(Object.values(packages).flat())]
  const byPackage = names.length > 0 ? `install: 'package' installs ${names.join(' or ')}; ` : ''
  const more = hint === undefined ? '' : `. ${hint}`
  return `${byPackage}install: { script, checksum } runs a script; or install ${title} in an earlier step${more}`
}

const managers: readonly PackageManager[] = ['apt-get', 'dnf', 'yum', 'zypper', 'apk']

/**
 * The machine's package manager.
 * @throws ImagoError `UNSUPPORTED` when it is none that is known
 */
export async function findPackageManager(ctx: MachineContext): Promise<PackageManager> {
  const script = 'for p in "$@"; do command -v "$p" >/dev/null && { echo "$p"; exit; }; done; exit 1'
  const { text } = await outputOf({ argv: ['sh', '-c', script, 'sh', ...managers] }, ctx)
  const found = managers.find((name) => name === text)
  if (found !== undefined) return found
  throw new ImagoError('UNSUPPORTED', `the machine has none of ${managers.join(', ')}`, {
    hint: "use install: { script, checksum }, or install: 'none' after a step of your own",
  })
}
