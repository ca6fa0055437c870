import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { SshConnection, SshServer } from '@imago/core'
import { reveal } from '@imago/core'

import { socketFolder } from './session-folder.ts'

/** What `ssh` calls the machine when it looks for its key. */
const machineName = 'imago-machine'

/**
 * Writes what OpenSSH's client needs for a connection into a folder, for its owner only: a configuration, keys, and the host keys that it
 * is to see. It asks nothing, takes no other host key, and uses no other key.
 * @returns the path of the configuration
 */
export async function writeSshConfig(folder: string, connection: SshConnection): Promise<string> {
  const { bastions, forwardAgent } = connection
  const servers = [...bastions, connection]
  const names = [...bastions.map((_, index) => `imago-bastion-${index}`), machineName]
  const blocks = await Promise.all(
    servers.map(async (server, index) => {
      const name = names[index] ?? machineName
      const isMachine = name === machineName
      const before = index === 0 ? 'none' : names[index - 1]
      return [
        isMachine ? 'Host * !imago-bastion-*' : `Host ${name}`,
        `HostName ${server.host}`,
        `Port ${server.port}`,
        `User ${word(server.user)}`,
        `HostKeyAlias ${name}`,
        `ProxyJump ${before ?? 'none'}`,
        ...(isMachine && forwardAgent !== undefined ? [`ForwardAgent ${word(forwardAgent)}`] : []),
        ...(await identity(folder, name, server)),
      ].join('\n  ')
    }),
  )
  const knownHosts = join(folder, 'known_hosts')
  await writeFile(knownHosts, servers.map((server, index) => `${names[index] ?? machineName} ${server.hostKey}\n`).join(''), {
    mode: 0o600,
  })
  const common = [
    'Host *',
    `UserKnownHostsFile ${word(knownHosts)}`,
    'GlobalKnownHostsFile none',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'CheckHostIP no',
    'BatchMode yes',
    'ConnectTimeout 30',
    'ServerAliveInterval 5',
    'ServerAliveCountMax 6',
    'LogLevel ERROR',
  ].join('\n  ')
  const path = join(folder, 'ssh_config')
  await writeFile(path, `${[...blocks, common].join('\n')}\n`, { mode: 0o600 })
  return path
}

/** The arguments by which `ssh`, `scp` and `sftp` use a configuration of {@link writeSshConfig}, and share connections. */
export function sshArguments(folder: string, config: string): readonly string[] {
  return ['-F', config, '-o', 'ControlMaster=auto', '-o', 'ControlPersist=60s', '-o', `ControlPath=${join(socketFolder(folder), '%r')}`]
}

async function identity(folder: string, name: string, { keys, agent }: SshServer): Promise<readonly string[]> {
  const lines: string[] = []
  for (const [index, { privateKey, certificate }] of keys.entries()) {
    const path = join(folder, `${name}-key-${index}`)
    await writeFile(path, `${reveal(privateKey).replaceAll('\r\n', '\n').trimEnd()}\n`, { mode: 0o600 })
    lines.push(`IdentityFile ${word(path)}`)
    if (certificate === undefined) continue
    await writeFile(`${path}-cert.pub`, `${certificate.trimEnd()}\n`, { mode: 0o600 })
    lines.push(`CertificateFile ${word(`${path}-cert.pub`)}`)
  }
  if (agent === undefined) return [...lines, 'IdentityAgent none', 'IdentitiesOnly yes']
  return [...(keys.length === 0 ? ['IdentityFile none'] : lines), `IdentityAgent ${word(agent)}`]
}

/** A word of ssh_config(5), in which `%` begins a token. */
function word(text: string): string {
  return `"${text.replaceAll('%', '%%')}"`
}
