import type { InstanceOptions } from '@imago/builder-amazon'
import type { Duration } from '@imago/core'

import { chosen } from '../../mapping/chosen.ts'
import { duration, integer, renderLeaf, text } from '../../mapping/coercions.ts'
import { currentText } from '../../mapping/current-value.ts'
import { group } from '../../mapping/group.ts'
import type { Model } from '../../mapping/known.ts'
import { known } from '../../mapping/known.ts'
import type { Coercion } from '../../mapping/option-context.ts'
import type { Composed, ComponentContext, MeaninglessRow, Taken, TakenRow } from '../../mapping/table.ts'
import { meaningless, taken } from '../../mapping/table.ts'
import { code, printExpression, printPrimary, textExpression } from '../../typescript/expression.ts'
import type { Named } from '../named.ts'
import type { SshRows } from '../ssh.ts'
import { communicatorOf } from '../communicator-of.ts'
import { sshAccess, sshRows } from '../ssh.ts'
import type { WinrmRows } from '../winrm.ts'
import { winrmAccess, winrmRows } from '../winrm.ts'

type Connect = NonNullable<InstanceOptions['connect']>
type SshConnect = Exclude<Connect, { readonly communicator: 'winrm' | 'none' }>
type WinrmConnect = Extract<Connect, { readonly communicator: 'winrm' }>
type Address = NonNullable<SshConnect['address']>

/** `private_ip` is `private-ip` here. */
const address: Coercion<Address> = (node, ctx) => {
  const rendered = renderLeaf(node, ctx)
  const plain = text(node, ctx)
  const name = currentText(plain)
  if (typeof rendered !== 'object' || plain === undefined || name === undefined) return undefined
  const value = name.replaceAll('_', '-') as Address // what else it may be is checked with all options
  const isKnownAddress = ['public-ip', 'private-ip', 'public-dns', 'private-dns', 'ipv6', 'session-manager'].includes(value)
  const literal = printExpression(textExpression(isKnownAddress ? value : 'private-ip'))
  return known<Address>({
    value,
    key: JSON.stringify(value),
    ...(name === '' && { unless: (writer) => writer.notEmpty(rendered) }),
    code: (writer) =>
      rendered.text.needs.variables.size === 0
        ? textExpression(value)
        : code(`${printPrimary(writer.text(rendered))}.replaceAll('_', '-') as ${literal}`, 'cast'),
  })
}

/** Packer's options of the way in. */
export type ConnectRows = Omit<SshRows, 'ssh_interface' | 'ssh_keypair_name' | 'temporary_key_pair_type'> &
  WinrmRows &
  Named<'ssh_interface', TakenRow<Address>> &
  Named<'ssh_keypair_name', TakenRow<string>> &
  Named<'temporary_key_pair_type', TakenRow<NonNullable<SshConnect['keyType']>>> &
  Named<'session_manager_port', TakenRow<number>> &
  Named<'pause_before_ssm' | 'windows_password_timeout', TakenRow<Duration>> &
  Named<'ssh_private_ip', MeaninglessRow>

/** What becomes of each of them. */
export const connectRows: ConnectRows = {
  ...sshRows,
  ...winrmRows,
  ssh_interface: taken(address),
  ssh_keypair_name: taken(text),
  temporary_key_pair_type: taken(chosen<NonNullable<SshConnect['keyType']>>({ names: ['ed25519', 'rsa'] })),
  session_manager_port: taken(integer),
  pause_before_ssm: taken(duration),
  windows_password_timeout: taken(duration),
  ssh_private_ip: meaningless('ssh_interface says which address is meant'),
}

/** How the instance is reached. */
export function connectOptions(given: Taken<ConnectRows>, ctx: ComponentContext): Composed<Pick<InstanceOptions, 'connect'>> {
  const communicator = communicatorOf(given, ctx)
  if (communicator === undefined) return {}
  if (communicator === 'none') return { connect: { communicator } }
  if (communicator === 'winrm') return { connect: winrmConnect(given, ctx) }
  const sessionManager = group<NonNullable<SshConnect['sessionManager']>>({
    port: given.session_manager_port,
    pauseBefore: given.pause_before_ssm,
  })
  const connect: Model<SshConnect> = {
    ...sshAccess(given, ctx),
    ...(given.ssh_host !== undefined && { host: given.ssh_host }),
    ...(given.ssh_interface !== undefined && { address: given.ssh_interface }),
    ...(given.ssh_keypair_name !== undefined && { keyPair: given.ssh_keypair_name }),
    ...(given.temporary_key_pair_type !== undefined && { keyType: given.temporary_key_pair_type }),
    ...(sessionManager !== undefined && { sessionManager }),
  }
  return { connect }
}

/** Without a password, the one that Windows makes is waited for. */
function winrmConnect(given: Taken<ConnectRows>, ctx: ComponentContext): Model<WinrmConnect> {
  const { winrm_password: password, windows_password_timeout: timeout, ssh_keypair_name: keyPair, ssh_private_key_file: key } = given
  const waits = password === undefined
  return {
    communicator: 'winrm',
    ...winrmAccess(given, ctx),
    ...(given.winrm_host !== undefined && { host: given.winrm_host }),
    // what else it may be is checked with all options
    ...(given.ssh_interface !== undefined && { address: given.ssh_interface as Model<NonNullable<WinrmConnect['address']>> }),
    ...(password !== undefined && { password }),
    ...(waits && timeout !== undefined && { windowsPassword: { timeout } }),
    ...(waits && keyPair !== undefined && { keyPair, ...(key !== undefined && { key: { file: key } }) }),
  }
}
