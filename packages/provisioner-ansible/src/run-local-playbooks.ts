import { stat } from 'node:fs/promises'
import { basename, dirname, relative } from 'node:path'

import type { Agent, ReadyAgent, StagedFile } from '@imago/configuration-management'
import { withAgent } from '@imago/configuration-management'
import type { JsonObject, ProvisionContext } from '@imago/core'
import { ImagoError, isImagoError, messageOf, timeLimit } from '@imago/core'
import { resolveEnvironment } from '@imago/script'

import type { AnsibleLocalOptions } from './ansible-local-options.ts'
import { ownFolder } from './ansible-local-options.ts'
import { callbackName, callbackPlugin } from './callback-plugin.ts'
import { fetchRequirements } from './galaxy.ts'
import { extraVariables, inventory } from './inventory.ts'
import { playbookArguments } from './playbook-arguments.ts'
import { PlaybookReport } from './playbook-report.ts'

/** How long removing Ansible's temporary files may take, in milliseconds. */
const removeMs = 10_000

const core = ['ansible-core']

const agent: Agent = {
  title: 'Ansible',
  program: 'ansible-playbook',
  folders: ['/usr/local/bin', '/usr/bin', '/root/.local/bin', '/opt/ansible/bin'],
  packages: { 'apt-get': core, dnf: core, yum: core, apk: core, zypper: ['ansible'] },
}

/** The machine is this one, and the modules run in the Python that Ansible runs in. */
const connection: JsonObject = { ansible_connection: 'local', ansible_python_interpreter: '{{ ansible_playbook_python }}' }

/** Runs the playbooks in the machine, one after the other. What they need is gone from it when they have ended, however they ended. */
export async function runLocalPlaybooks(options: AnsibleLocalOptions, ctx: ProvisionContext): Promise<void> {
  const playbooks = placePlaybooks(options)
  const fetched = await fetchedFiles(options, ctx)
  const files = [...playbooks.map(({ file }) => file), ...ownFiles(options), ...fetched, ...generatedFiles(options, ctx)]
  const { environment: env, extraArguments: _, ...rest } = options
  const agentOptions = { ...rest, ...(env !== undefined && { env }) }
  const given = resolveEnvironment(env ?? {}, ctx)
  await withAgent({ agent, options: agentOptions, files: unique(files) }, ctx, async (ready) => {
    const temporary = `/tmp/.ansible-${basename(ready.directory)}`
    try {
      await makeTemporary(temporary, ready)
      for (const { name, to } of playbooks) {
        const report = new PlaybookReport({ playbook: name, output: ctx.output, emit: ctx.emit })
        const exitCode = await ready.run({
          args: playbookArguments(options, paths(options, `${ready.directory}/${to}`, ready.directory), ctx.facts),
          env: { ...settings(ready.directory, temporary, { files, options }), ...given },
          cwd: `${ready.directory}/${dirname(to)}`,
          onOutput: report.onOutput,
        })
        finish(report, exitCode, ready)
      }
    } finally {
      await removeTemporary(temporary, ready, ctx)
    }
  })
}

/** A playbook, and how it comes into the machine. */
interface PlacedPlaybook {
  /** As the definition names it. */
  readonly name: string
  /** Below the staging directory. */
  readonly to: string
  /** It, or the folder that it stands in. */
  readonly file: StagedFile
}

function placePlaybooks({ playbook, playbookDirectory }: AnsibleLocalOptions): readonly PlacedPlaybook[] {
  const names = [playbook].flat()
  const folders = [...new Set(names.map((name) => playbookDirectory ?? ownFolder(name)))]
  return names.map((name) => {
    const folder = playbookDirectory ?? ownFolder(name)
    const place = `playbook/${folders.indexOf(folder)}`
    if (folder === undefined) return { name, to: `${place}/${basename(name)}`, file: { to: `${place}/${basename(name)}`, path: name } }
    return { name, to: `${place}/${relative(folder, name)}`, file: { to: place, path: folder } }
  })
}

/** What the options name beside the playbooks. */
function ownFiles(options: AnsibleLocalOptions): readonly StagedFile[] {
  const { rolesPath = [], roles = [], collectionsPath = [], groupVars, hostVars, variableFiles = [] } = options
  return [
    ...rolesPath.map((path, index) => ({ to: `roles/${index}`, path })),
    ...roles.map((path) => ({ to: `roles/own/${basename(path)}`, path })),
    ...collectionsPath.map((path, index) => ({ to: `collections/${index}`, path })),
    ...(groupVars === undefined ? [] : [{ to: 'inventory/group_vars', path: groupVars }]),
    ...(hostVars === undefined ? [] : [{ to: 'inventory/host_vars', path: hostVars }]),
    ...(options.inventory === undefined ? [] : [{ to: inventoryFile(options), path: options.inventory }]),
    ...variableFiles.map((path, index) => ({ to: variableFile(path, index), path, isPrivate: true })),
  ]
}

function generatedFiles(options: AnsibleLocalOptions, ctx: ProvisionContext): readonly StagedFile[] {
  return [
    { to: `callback/${callbackName}.py`, content: callbackPlugin },
    { to: 'variables.json', content: JSON.stringify(extraVariables(options, ctx)), isPrivate: true },
    ...(options.inventory === undefined
      ? [{ to: inventoryFile(options), content: JSON.stringify(inventory(options, connection, ctx)), isPrivate: true }]
      : []),
  ]
}

/** Roles and collections that this machine has fetched. */
async function fetchedFiles(options: AnsibleLocalOptions, ctx: ProvisionContext): Promise<readonly StagedFile[]> {
  const { environment = {} } = options
  const requirements = await fetchRequirements(options, { ...ctx.env, ...resolveEnvironment(environment, ctx) }, ctx).catch(
    (error: unknown) => {
      if (!isImagoError(error, 'TOOL_MISSING')) throw error
      throw new ImagoError('TOOL_MISSING', error.message, {
        cause: error,
        hint: 'install ansible-core on this machine too: it fetches what galaxyFile names; or keep roles beside the playbook',
      })
    },
  )
  const places =
    requirements === undefined
      ? []
      : ([
          ['roles/fetched', requirements.roles],
          ['collections/fetched', requirements.collections],
        ] as const)
  const files: StagedFile[] = []
  for (const [to, path] of places) if (await isThere(path)) files.push({ to, path })
  return files
}

/** An inventory keeps its ending, by which Ansible knows what it is. */
function inventoryFile({ inventory: path }: AnsibleLocalOptions): string {
  return `inventory/${path === undefined ? 'inventory.json' : basename(path)}`
}

function variableFile(path: string, index: number): string {
  return `variables/${index}-${basename(path)}`
}

function paths(options: AnsibleLocalOptions, playbook: string, directory: string): Parameters<typeof playbookArguments>[1] {
  const variables = [...(options.variableFiles ?? []).map(variableFile), 'variables.json']
  return {
    playbook,
    inventories: [`${directory}/${inventoryFile(options)}`],
    variables: variables.map((path) => `${directory}/${path}`),
  }
}

/** What has come into the machine, and why. */
interface Placed {
  readonly files: readonly StagedFile[]
  readonly options: AnsibleLocalOptions
}

/** What Imago sets of Ansible, below the user's own environment. */
function settings(directory: string, temporary: string, { files, options }: Placed): Record<string, string> {
  const searched = (kind: string, usual: readonly string[]): readonly string[] => {
    const around = options.playbookDirectory === undefined ? [] : [`playbook/0/${kind}`] // the playbook may stand deeper
    const own = [...around, ...files.flatMap(({ to }) => new RegExp(`^${kind}/[^/]+`).exec(to)?.[0] ?? [])]
    return [...new Set(own.map((path) => `${directory}/${path}`)), ...usual]
  }
  return {
    ANSIBLE_STDOUT_CALLBACK: callbackName,
    ANSIBLE_CALLBACK_PLUGINS: `${directory}/callback`,
    ANSIBLE_LOCAL_TEMP: `${directory}/tmp`,
    ANSIBLE_REMOTE_TMP: temporary,
    ANSIBLE_TRANSPORT: 'local',
    ANSIBLE_HOME: `${directory}/home`,
    ANSIBLE_PIPELINING: 'True',
    ANSIBLE_RETRY_FILES_ENABLED: 'False',
    ANSIBLE_NOCOWS: 'True',
    PYTHONUNBUFFERED: '1',
    ANSIBLE_ROLES_PATH: searched('roles', ['~/.ansible/roles', '/usr/share/ansible/roles', '/etc/ansible/roles']).join(':'),
    ANSIBLE_COLLECTIONS_PATH: searched('collections', ['~/.ansible/collections', '/usr/share/ansible/collections']).join(':'),
  }
}

/** Says how a playbook ended, with the paths of this machine. */
function finish(report: PlaybookReport, exitCode: number, { withLocalPaths }: ReadyAgent): void {
  try {
    report.finish(exitCode)
  } catch (error) {
    if (!isImagoError(error)) throw error
    const { hint } = error
    throw new ImagoError(error.code, withLocalPaths(error.message), { cause: error, exitCode, ...(hint !== undefined && { hint }) })
  }
}

/** As `/tmp` is: a task of another user than root makes files in it too, which it could not in the staging directory. */
async function makeTemporary(path: string, ready: ReadyAgent): Promise<void> {
  const exitCode = await ready.run({ program: 'mkdir', args: ['-m', '1777', '--', path] })
  if (exitCode !== 0)
    throw new ImagoError('COMMAND_FAILED', `Ansible's folder '${path}' cannot be made`, { exitCode, hint: 'see its output' })
}

/** Removes it, also after a cancel; a failure is no more than said. */
async function removeTemporary(path: string, ready: ReadyAgent, { emit }: ProvisionContext): Promise<void> {
  try {
    await ready.run({ program: 'rm', args: ['-rf', '--', path], signal: timeLimit(removeMs) })
  } catch (error) {
    emit({ type: 'message', level: 'debug', text: `Ansible's folder ${path} may still be in the machine: ${messageOf(error)}` })
  }
}

/** Playbooks of one folder come into the machine together. */
function unique(files: readonly StagedFile[]): readonly StagedFile[] {
  return [...new Map(files.map((file) => [file.to, file])).values()]
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
