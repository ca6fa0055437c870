import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join, resolve } from 'node:path'

import type { ProvisionContext } from '@imago/core'
import { isImagoError, messageOf, runLocal, timeLimit } from '@imago/core'
import { resolveEnvironment } from '@imago/script'

import type { AnsibleOptions } from './ansible-options.ts'
import { callbackName, callbackPlugin } from './callback-plugin.ts'
import type { Entrance } from './enter-machine.ts'
import { enterMachine } from './enter-machine.ts'
import { fetchRequirements } from './galaxy.ts'
import { defaultHostAlias, extraVariables, inventory } from './inventory.ts'
import { playbookArguments } from './playbook-arguments.ts'
import { ansiblePlaybook, withInstallHint } from './programs.ts'
import { PlaybookReport } from './playbook-report.ts'
import { searchPaths } from './search-paths.ts'
import { openSessionFolder } from './session-folder.ts'

/** How long removing Ansible's temporary files from the machine may take, in milliseconds. */
const removeMs = 10_000

/**
 * Runs the playbook from this machine against the machine of the build. What it needs for that is gone when it has ended, however it ended.
 */
export async function runPlaybook(options: AnsibleOptions, ctx: ProvisionContext): Promise<void> {
  await using session = await openSessionFolder(ctx)
  const folder = session.value
  const remoteTemp = `/tmp/.ansible-${folder.slice(-10)}`
  const given = resolveEnvironment(options.environment ?? {}, ctx)
  const config = options.configFile === undefined ? {} : { ANSIBLE_CONFIG: resolve(ctx.directory, options.configFile) }
  const env = { ...ctx.env, ...config, ...given }
  try {
    const requirements = await fetchRequirements(options, env, ctx)
    await using entrance = await enterMachine(
      { options, folder, env: { ...searchPaths(options, requirements, ctx.directory), ...env } },
      ctx,
    )
    const paths = await writeFiles(options, folder, entrance, ctx)
    const report = new PlaybookReport({ playbook: options.playbook, output: ctx.output, emit: ctx.emit })
    const { exitCode } = await runLocal({
      command: [options.command ?? ansiblePlaybook, ...limitArguments(options), ...playbookArguments(options, paths, ctx.facts)],
      env: {
        ...settings(folder, remoteTemp, given),
        ...searchPaths(options, requirements, ctx.directory),
        ...entrance.env,
        ...env,
        ANSIBLE_CALLBACK_PLUGINS: [folder, given['ANSIBLE_CALLBACK_PLUGINS'] ?? []].flat().join(delimiter),
      },
      cwd: ctx.directory,
      signal: ctx.signal,
      onOutput: report.onOutput,
    })
    report.finish(exitCode)
  } catch (error) {
    throw isImagoError(error, 'TOOL_MISSING') ? withInstallHint(error) : error
  } finally {
    await removeRemoteTemp(remoteTemp, ctx)
  }
}

/** What Imago sets of Ansible, below the user's own environment. */
function settings(folder: string, remoteTemp: string, given: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...(given['ANSIBLE_STDOUT_CALLBACK'] === undefined && { ANSIBLE_STDOUT_CALLBACK: callbackName }),
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_PIPELINING: 'True',
    ANSIBLE_RETRY_FILES_ENABLED: 'False',
    ANSIBLE_LOCAL_TEMP: join(folder, 'tmp'),
    ANSIBLE_REMOTE_TMP: remoteTemp,
    ANSIBLE_NOCOWS: 'True',
    PYTHONUNBUFFERED: '1',
  }
}

async function writeFiles(
  options: AnsibleOptions,
  folder: string,
  { variables }: Entrance,
  ctx: ProvisionContext,
): Promise<Parameters<typeof playbookArguments>[1]> {
  const local = (path: string): string => resolve(ctx.directory, path)
  const write = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, content, { mode: 0o600 })
    return path
  }
  await write(`${callbackName}.py`, callbackPlugin)
  const own = await write('inventory.json', JSON.stringify(inventory(options, variables, ctx)))
  const extra = await write('variables.json', JSON.stringify(extraVariables(options, ctx)))
  return {
    playbook: local(options.playbook),
    inventories: [...(options.inventories ?? []).map(local), own],
    variables: [...(options.variableFiles ?? []).map(local), extra],
  }
}

/** With inventories of the user's there may be hosts in them that are not the build's. */
function limitArguments({ limit, inventories = [], hostAlias = defaultHostAlias }: AnsibleOptions): readonly string[] {
  const hosts = limit ?? (inventories.length > 0 ? `${hostAlias},localhost` : undefined)
  return hosts === undefined ? [] : ['--limit', hosts]
}

/** Removes what Ansible left in the machine, also after a cancel; a failure is a warning, and does not hide how the playbook ended. */
async function removeRemoteTemp(path: string, { machine, emit }: ProvisionContext): Promise<void> {
  try {
    await machine.exec(['rm', '-rf', '--', path], { signal: timeLimit(removeMs) })
  } catch (error) {
    emit({ type: 'message', level: 'debug', text: `Ansible's folder ${path} may still be in the machine: ${messageOf(error)}` })
  }
}
