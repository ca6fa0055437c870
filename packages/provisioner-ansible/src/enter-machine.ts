import type { Connection, DockerConnection, JsonObject, OutputSink, ProvisionContext, SshConnection } from '@imago/core'
import { ImagoError, runLocal } from '@imago/core'

import { startAdapter } from './adapter/start-adapter.ts'
import type { AnsibleOptions } from './ansible-options.ts'
import { endRemoteCommands } from './end-remote-commands.ts'
import { besides } from './programs.ts'
import { sshArguments, writeSshConfig } from './ssh-config.ts'

/** How Ansible gets into a machine, while it is not disposed of. */
export interface Entrance extends AsyncDisposable {
  /** Variables of the machine in the inventory. */
  readonly variables: JsonObject
  /** Environment of Ansible. */
  readonly env: Readonly<Record<string, string>>
}

/** What {@link enterMachine} works with. */
export interface EnterOptions {
  readonly options: AnsibleOptions
  /** A folder for keys and configurations. */
  readonly folder: string
  /** Environment of Ansible. */
  readonly env: Readonly<Record<string, string>>
}

/** The connection plugin for containers of a Docker engine. */
const dockerPlugin = 'community.docker.docker'

/**
 * Finds the way into the machine that the options name, or the best that there is.
 * @throws ImagoError `UNSUPPORTED` when there is no such way, `DEFINITION_INVALID` for a `user` that the adapter cannot log in as.
 */
export async function enterMachine({ options, folder, env }: EnterOptions, ctx: ProvisionContext): Promise<Entrance> {
  const { connection: wanted = 'auto', user } = options
  const own = await ownUser(ctx) // it may have restarted: this waits for it, and brings its host key up to date
  const { connection } = ctx.machine
  if (wanted !== 'adapter' && connection !== undefined) {
    const entrance = await enterItself(connection, wanted, { options, folder, env, own }, ctx)
    if (entrance !== undefined) return entrance
  }
  if (wanted === 'ssh' || wanted === 'docker') throw noSuchWay(wanted)
  if (user !== undefined) {
    throw new ImagoError(
      'DEFINITION_INVALID',
      `Ansible cannot log in as '${user}' here: it goes through the adapter, as the build's own user`,
      {
        hint: "leave 'user' out, and use become: { user }",
      },
    )
  }
  const adapter = await startAdapter({ machine: ctx.machine, user: own, folder, signal: ctx.signal })
  const entrance = await enterOverSsh(adapter.connection, undefined, folder)
  return { ...entrance, [Symbol.asyncDispose]: async () => await adapter[Symbol.asyncDispose]() }
}

/** Whose the commands of the communicator are. */
async function ownUser({ machine, signal, facts }: ProvisionContext): Promise<string> {
  let said = ''
  const onOutput: OutputSink = (stream, chunk) => {
    if (stream === 'stdout') said += Buffer.from(chunk).toString('utf8')
  }
  const { exitCode } = await machine.exec(['id', '-un'], { signal, onOutput })
  return (exitCode === 0 && said.trim()) || (facts.user ?? 'root')
}

/** The way without the communicator; `undefined` when this is not to be, or cannot be. */
async function enterItself(
  connection: Connection,
  wanted: NonNullable<AnsibleOptions['connection']>,
  { options, folder, env, own }: EnterOptions & { readonly own: string },
  ctx: ProvisionContext,
): Promise<Entrance | undefined> {
  if (wanted !== 'auto' && wanted !== connection.kind) return undefined
  if (connection.kind === 'ssh') {
    const entrance = await enterOverSsh(connection, options.user, folder)
    return { ...entrance, [Symbol.asyncDispose]: async () => (ctx.signal.aborted ? await endRemoteCommands(folder, ctx.emit) : undefined) }
  }
  if (wanted === 'auto' && !(await hasDockerPlugin(options, env, ctx))) return undefined
  return enterContainer(connection, options.user ?? (connection.user || own))
}

async function enterOverSsh(connection: SshConnection, user: string | undefined, folder: string): Promise<Entrance> {
  const config = await writeSshConfig(folder, connection)
  return {
    variables: {
      ansible_connection: 'ssh',
      ansible_host: connection.host,
      ansible_port: connection.port,
      ansible_user: user ?? connection.user,
      ansible_ssh_common_args: sshArguments(folder, config).map(pythonWord).join(' '),
    },
    env: {},
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** Ansible is told who the container's own user is: it needs no `sudo` to become the one that it is already. */
function enterContainer({ container, engine }: DockerConnection, user: string): Entrance {
  const context = engine.startsWith('context://') ? engine.slice('context://'.length) : undefined
  return {
    variables: { ansible_connection: dockerPlugin, ansible_host: container, ansible_user: user },
    env: context === undefined ? { DOCKER_HOST: engine, DOCKER_CONTEXT: '' } : { DOCKER_HOST: '', DOCKER_CONTEXT: context },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** Whether Ansible has the collection, and this machine Docker's own client, which it calls. */
async function hasDockerPlugin(
  options: AnsibleOptions,
  env: Readonly<Record<string, string>>,
  { signal, directory }: ProvisionContext,
): Promise<boolean> {
  const script = 'command -v docker >/dev/null && "$1" --type connection --json "$2" 2>/dev/null | grep -q \'"doc"\''
  const command = ['/bin/sh', '-c', script, 'sh', besides(options.command, 'ansible-doc'), dockerPlugin]
  const { exitCode } = await runLocal({ command, env, cwd: directory, signal })
  return exitCode === 0
}

function noSuchWay(wanted: 'ssh' | 'docker'): ImagoError {
  const what = wanted === 'ssh' ? 'log in to this machine over SSH by itself' : 'get into this machine over a Docker engine'
  return new ImagoError('UNSUPPORTED', `Ansible cannot ${what}`, {
    hint: "leave 'connection' out: the adapter goes into every machine of a build",
  })
}

/** A word as Python's shlex, with which Ansible takes such arguments apart, reads it. */
function pythonWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`
}
