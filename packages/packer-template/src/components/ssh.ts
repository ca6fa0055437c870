import type { SshHost } from '@imago/builder-null'
import type { Duration, Secret } from '@imago/core'

import { duration, flag, integer, text, textOrSecret } from '../mapping/coercions.ts'
import { currentText, isYes } from '../mapping/current-value.ts'
import { listOf, togetherWith } from '../mapping/group.ts'
import type { Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { texts } from '../mapping/list-coercions.ts'
import { localPath } from '../mapping/local-path.ts'
import type { OptionContext } from '../mapping/option-context.ts'
import type { Composed, MeaninglessRow, NoCounterpartRow, Taken, TakenRow } from '../mapping/table.ts'
import { meaningless, noCounterpart, taken } from '../mapping/table.ts'
import type { Named } from './named.ts'
import { parseTunnels } from './ssh-tunnels.ts'

type SshBastion = NonNullable<SshHost['bastions']>[number]
type SocksProxy = Extract<SshHost['proxy'], { readonly type: 'socks5' }>

/** Packer's options of SSH connections. */
export type SshRows = Named<
  | 'communicator'
  | 'ssh_host'
  | 'ssh_username'
  | 'ssh_private_key_file'
  | 'ssh_certificate_file'
  | 'ssh_file_transfer_method'
  | 'ssh_bastion_host'
  | 'ssh_bastion_username'
  | 'ssh_bastion_private_key_file'
  | 'ssh_bastion_certificate_file'
  | 'ssh_proxy_host'
  | 'ssh_proxy_username',
  TakenRow<string>
> &
  Named<'pause_before_connecting' | 'ssh_timeout' | 'ssh_keep_alive_interval' | 'ssh_read_write_timeout', TakenRow<Duration>> &
  Named<'ssh_port' | 'ssh_handshake_attempts' | 'ssh_bastion_port' | 'ssh_proxy_port' | 'ssh_ip_version', TakenRow<number>> &
  Named<'ssh_password' | 'ssh_bastion_password' | 'ssh_proxy_password', TakenRow<string | Secret>> &
  Named<'ssh_agent_auth' | 'ssh_bastion_agent_auth' | 'ssh_pty', TakenRow<boolean>> &
  Named<'ssh_bastion_interactive', NoCounterpartRow> &
  Named<'ssh_local_tunnels' | 'ssh_remote_tunnels' | 'ssh_ciphers' | 'ssh_key_exchange_algorithms', TakenRow<readonly string[]>> &
  Named<
    | 'ssh_clear_authorized_keys'
    | 'ssh_disable_agent_forwarding'
    | 'ssh_keypair_name'
    | 'temporary_key_pair_name'
    | 'temporary_key_pair_type'
    | 'temporary_key_pair_bits'
    | 'ssh_interface',
    MeaninglessRow
  >

/** What becomes of each of them. */
export const sshRows: SshRows = {
  communicator: taken(text),
  pause_before_connecting: taken(duration),
  ssh_host: taken(text),
  ssh_port: taken(integer),
  ssh_username: taken(text),
  ssh_password: taken(textOrSecret),
  ssh_private_key_file: taken(localPath),
  ssh_certificate_file: taken(localPath),
  ssh_agent_auth: taken(flag),
  ssh_timeout: taken(duration),
  ssh_handshake_attempts: taken(integer),
  ssh_keep_alive_interval: taken(duration),
  ssh_read_write_timeout: taken(duration),
  ssh_file_transfer_method: taken(text),
  ssh_bastion_host: taken(text),
  ssh_bastion_port: taken(integer),
  ssh_bastion_username: taken(text),
  ssh_bastion_password: taken(textOrSecret),
  ssh_bastion_private_key_file: taken(localPath),
  ssh_bastion_certificate_file: taken(localPath),
  ssh_bastion_agent_auth: taken(flag),
  ssh_bastion_interactive: noCounterpart('nobody is there to answer'),
  ssh_proxy_host: taken(text),
  ssh_proxy_port: taken(integer),
  ssh_proxy_username: taken(text),
  ssh_proxy_password: taken(textOrSecret),
  ssh_local_tunnels: taken(texts),
  ssh_remote_tunnels: taken(texts),
  ssh_ip_version: taken(integer),
  ssh_ciphers: taken(texts),
  ssh_key_exchange_algorithms: taken(texts),
  ssh_pty: taken(flag),
  ssh_clear_authorized_keys: meaningless('keys that are made for a build are removed'),
  ssh_disable_agent_forwarding: meaningless('the agent is not forwarded'),
  ssh_keypair_name: meaningless('keys are given as files'),
  temporary_key_pair_name: meaningless('keys that are made have no names'),
  temporary_key_pair_type: meaningless('keys that are made are of the type ed25519'),
  temporary_key_pair_bits: meaningless('keys that are made are of the type ed25519'),
  ssh_interface: meaningless('the machine is reached under its host name'),
}

/** The same where commands do not go over SSH at all. */
export const unusedSshRows: Named<keyof SshRows, MeaninglessRow> = Object.fromEntries(
  Object.entries(sshRows).map(([name, row]) => [name, meaningless('commands do not go over SSH', 'read' in row ? row.read : undefined)]),
) as Named<keyof SshRows, MeaninglessRow> // one for each, just here

/** What was given of {@link sshRows}. */
export type GivenSsh = Taken<SshRows>

/** The options of an SSH connection, apart from the host. */
export function sshAccess(given: GivenSsh, ctx: OptionContext): Composed<Omit<SshHost, 'host' | 'communicator' | 'clearAuthorizedKeys'>> {
  if (isYes(given.ssh_pty))
    ctx.reports.warn(ctx, "'ssh_pty' is ignored: commands run without a terminal", 'sudo needs none, unless requiretty is set')
  return {
    ...optional('port', given.ssh_port),
    ...optional('user', given.ssh_username),
    ...optional('password', given.ssh_password),
    ...keyOf(given.ssh_private_key_file, given.ssh_certificate_file),
    ...(isYes(given.ssh_agent_auth) && { agent: true }),
    ...optional('timeout', given.ssh_timeout),
    ...optional('loginAttempts', given.ssh_handshake_attempts),
    ...optional('pauseBeforeConnecting', given.pause_before_connecting),
    ...(given.ssh_keep_alive_interval !== undefined && { keepAlive: { interval: given.ssh_keep_alive_interval } }),
    ...optional('readWriteTimeout', given.ssh_read_write_timeout),
    ...(currentText(given.ssh_file_transfer_method) === 'sftp' && { transfer: 'sftp' as const }),
    ...bastionOf(given),
    ...proxyOf(given),
    ...tunnelsOf(given, ctx),
    ...ipVersionOf(given.ssh_ip_version),
    ...algorithmsOf(given),
  }
}

function optional<const K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: T }) // the one member, just here
}

function keyOf(file: Model<string> | undefined, certificate: Model<string> | undefined): Composed<Pick<SshHost, 'key'>> {
  return file === undefined ? {} : { key: { file, ...optional('certificate', certificate) } }
}

function bastionOf(given: GivenSsh): Composed<Pick<SshHost, 'bastions'>> {
  const bastion = togetherWith<SshBastion>(['host'], {
    host: given.ssh_bastion_host,
    port: given.ssh_bastion_port,
    user: given.ssh_bastion_username,
    password: given.ssh_bastion_password,
    ...keyOf(given.ssh_bastion_private_key_file, given.ssh_bastion_certificate_file),
    agent: isYes(given.ssh_bastion_agent_auth) ? true : undefined,
  })
  return bastion === undefined ? {} : { bastions: listOf(bastion) }
}

function proxyOf(given: GivenSsh): Composed<Pick<SshHost, 'proxy'>> {
  const proxy = togetherWith<SocksProxy>(['host'], {
    host: given.ssh_proxy_host,
    type: 'socks5',
    port: given.ssh_proxy_port,
    user: given.ssh_proxy_username,
    password: given.ssh_proxy_password,
  })
  return proxy === undefined ? {} : { proxy }
}

function tunnelsOf(given: GivenSsh, ctx: OptionContext): Composed<Pick<SshHost, 'tunnels'>> {
  const local = given.ssh_local_tunnels && parseTunnels(given.ssh_local_tunnels, ctx)
  const remote = given.ssh_remote_tunnels && parseTunnels(given.ssh_remote_tunnels, ctx)
  if (local === undefined && remote === undefined) return {}
  return { tunnels: { ...optional('local', local), ...optional('remote', remote) } }
}

function ipVersionOf(version: Model<number> | undefined): Composed<Pick<SshHost, 'ipVersion'>> {
  const value = isKnown(version) ? version.value : version
  return value === 4 || value === 6 ? { ipVersion: value } : {}
}

type Algorithms = NonNullable<SshHost['algorithms']>

/** Names that there are not are found when the options are checked. */
function algorithmsOf({
  ssh_ciphers: ciphers,
  ssh_key_exchange_algorithms: keyExchanges,
}: GivenSsh): Composed<Pick<SshHost, 'algorithms'>> {
  if (ciphers === undefined && keyExchanges === undefined) return {}
  return {
    algorithms: {
      ...(ciphers !== undefined && { ciphers: ciphers as Model<NonNullable<Algorithms['ciphers']>> }),
      ...(keyExchanges !== undefined && { keyExchanges: keyExchanges as Model<NonNullable<Algorithms['keyExchanges']>> }),
    },
  }
}
