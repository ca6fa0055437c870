import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'

import type { Ec2Emulator, Ec2EmulatorOptions } from '@imago/ec2-emulator'
import { startEc2Emulator } from '@imago/ec2-emulator'

/** The command as users start it. */
export const imagoFile: string = resolve(import.meta.dirname, '../../cli/bin/imago.js')
const modules = resolve(import.meta.dirname, '../../../node_modules')

/** What a command ended with. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder with a definition, and an emulator. */
export interface CommandLine {
  readonly folder: string
  readonly emulator: Ec2Emulator
  /** Runs `imago` there, to its end. */
  readonly imago: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ended>
}

/** Starts an emulator, and makes a folder with an `image.ts`, in which the workspace's packages are installed. */
export async function commandLine<T>(
  definition: string,
  options: Ec2EmulatorOptions,
  work: (there: CommandLine) => Promise<T>,
): Promise<T> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'imago-command-')))
  const emulator = await startEc2Emulator(options)
  try {
    await symlink(modules, join(folder, 'node_modules'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    await writeFile(join(folder, 'image.ts'), definition)
    return await work({ folder, emulator, imago: (args, env = {}) => imago(args, folder, { ...emulator.env, ...env }) })
  } finally {
    await emulator[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}

async function imago(args: readonly string[], cwd: string, variables: Readonly<Record<string, string>>): Promise<Ended> {
  const { CI: _ci, FORCE_COLOR: _color, GITHUB_ACTIONS: _job, ...inherited } = process.env
  const env = { ...inherited, NO_COLOR: '1', ...variables }
  const child = spawn(process.execPath, [imagoFile, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, closed] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: closed[0] as number | null, stdout, stderr } // as Node says
}
