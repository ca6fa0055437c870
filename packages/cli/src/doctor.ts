import { access, constants } from 'node:fs/promises'
import { arch, platform } from 'node:os'

import type { DoctorCheck } from '@imago/core'
import { messageOf, systemCode, timeLimit } from '@imago/core'

import type { Host } from './host.ts'
import type { LoadedPlugin } from './load-plugins.ts'
import { loadFirstPartyPlugins } from './load-plugins.ts'
import { stateDirectory } from './state-directory.ts'
import { readVersion } from './version.ts'

/** What was found out about one package, or about the machine itself. */
interface Examined {
  /** The package's name; `'imago'` for what every build needs. */
  readonly name: string
  readonly checks: readonly DoctorCheck[]
}

/** What `imago doctor` has found. */
export interface Diagnosis {
  readonly examined: readonly Examined[]
  /** Whether anything can be built. */
  readonly canBuild: boolean
}

/** No package may keep the others waiting longer. */
const patienceMs = 20_000

/**
 * Asks every installed package of Imago whether this machine can build with it. A package's first check says whether it can be used at
 * all; what is missing beyond that only limits it. Changes nothing.
 */
export async function inspect(host: Host): Promise<Diagnosis> {
  const machine = { name: 'imago', checks: [nodeCheck(), await stateCheck(host.cwd)] }
  const plugins = await loadFirstPartyPlugins(host.cwd, host.modules)
  const examined = (await Promise.all(plugins.map(examine))).filter(({ checks }) => checks.length > 0)
  return {
    examined: [machine, ...examined],
    canBuild: machine.checks.every(isThere) && examined.some(({ checks: [first] }) => first !== undefined && isThere(first)),
  }
}

function isThere({ status }: DoctorCheck): boolean {
  return status !== 'missing'
}

async function examine(loaded: LoadedPlugin): Promise<Examined> {
  const { name } = loaded
  if (loaded.status === 'not-installed') {
    return { name, checks: [{ name: 'package', status: 'missing', detail: 'not installed', hint: `npm install --save-dev ${name}` }] }
  }
  if (loaded.status === 'broken')
    return { name, checks: [{ name: 'package', status: 'missing', detail: `cannot be loaded: ${loaded.why}` }] }
  try {
    return { name, checks: (await loaded.plugin.doctor?.(timeLimit(patienceMs))) ?? [] }
  } catch (error) {
    return { name, checks: [{ name: 'package', status: 'missing', detail: messageOf(error) }] }
  }
}

function nodeCheck(): DoctorCheck {
  return { name: 'Node.js', status: 'ok', detail: `${process.version} on ${platform()} ${arch()}, imago ${readVersion()}` }
}

async function stateCheck(cwd: string): Promise<DoctorCheck> {
  const path = stateDirectory(cwd)
  const found = { name: 'state folder', detail: path }
  const problem = await whyNotWritable(path)
  if (problem === undefined) return { ...found, status: 'ok' }
  const folderProblem = problem.code === 'ENOENT' ? await whyNotWritable(cwd) : problem
  if (folderProblem === undefined) return { ...found, status: 'ok' }
  return {
    ...found,
    status: 'missing',
    detail: `${path} cannot be written: ${folderProblem.message}`,
    hint: 'run imago in a folder that you may write to',
  }
}

async function whyNotWritable(path: string): Promise<{ readonly code: string | undefined; readonly message: string } | undefined> {
  try {
    await access(path, constants.W_OK)
    return undefined
  } catch (error) {
    return { code: systemCode(error), message: messageOf(error) }
  }
}
