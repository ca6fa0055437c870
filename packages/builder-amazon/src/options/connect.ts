import type { SshAccess } from '@imago/communicator-ssh'
import { sshAccessEntries, sshIssuesTogether } from '@imago/communicator-ssh'
import type { Duration, Issue } from '@imago/core'
import { optionSchema, prefixIssues } from '@imago/core'
import * as v from 'valibot'

import { wholeNumber } from './text.ts'
import type { WinrmConnect } from './winrm-connect.ts'
import { winrmConnectIssues, winrmConnectSchema } from './winrm-connect.ts'

/** Which of the instance's addresses to connect to. Packer: `ssh_interface`. */
export type InstanceAddress = 'public-ip' | 'private-ip' | 'public-dns' | 'private-dns' | 'ipv6' | 'session-manager'

/** How the instance is reached: over SSH, with a key pair that is made for the build and exists in memory only. */
export type SshConnect = SshConnectBase & Password

/** A password that is known, or the one that Windows makes. */
export type Password =
  | { readonly password?: NonNullable<SshAccess['password']>; readonly windowsPassword?: never }
  | {
      readonly password?: never
      /** Log in with the password that Windows has made for its administrator. Packer: `windows_password_timeout`. @default false */
      readonly windowsPassword?: true | { /** How long it may take. @default '20m' */ readonly timeout?: Duration }
    }

/** The same, beside the password. */
export interface SshConnectBase extends Omit<SshAccess, 'user' | 'password'> {
  readonly communicator?: 'ssh'
  /** Packer: `ssh_username`. @default what the images of well-known owners have: `admin` for Debian's, `ubuntu`, `ec2-user` for Amazon's */
  readonly user?: string
  /** Packer: `ssh_port`. @default 22 */
  readonly port?: number
  /** A name or an address that leads to the instance, instead of one of its own. Packer: `ssh_host`. */
  readonly host?: string
  /** @default public-ip where the instance has one, else private-ip; `session-manager` needs no address, and no open port */
  readonly address?: InstanceAddress
  /** A key pair that is there; its private key is `key`, or in the agent. Packer: `ssh_keypair_name`. @default one for the build */
  readonly keyPair?: string
  /** The kind of the build's own key pair. Packer: `temporary_key_pair_type`, whose default is rsa. @default ed25519; rsa for Windows */
  readonly keyType?: 'ed25519' | 'rsa'
  /** Leave the build's own key in the image. Packer: `ssh_clear_authorized_keys`, the other way round, whose default leaves it. @default false */
  readonly keepAuthorizedKey?: boolean
  /** How to use the Session Manager, for `address: 'session-manager'`. */
  readonly sessionManager?: SessionManagerOptions
}

/** How to use the Session Manager. It needs the program `session-manager-plugin`, and an agent in the instance. */
export interface SessionManagerOptions {
  /** The local port of the tunnel. Packer: `session_manager_port`. @default any that is free */
  readonly port?: number
  /** Wait before the first session. Packer: `pause_before_ssm`. @default 0 */
  readonly pauseBefore?: Duration
}

/** The instance is not entered: what user data does is all that happens, and provisioners that need a machine fail. Packer: `communicator = "none"`. */
export interface NoConnect {
  readonly communicator: 'none'
}

/** How the instance is reached. */
export type ConnectOptions = SshConnect | WinrmConnect | NoConnect

/** A way into the instance. */
export type WayIn = Exclude<ConnectOptions, NoConnect>

const port = wholeNumber(1, 65_535)
const none = v.strictObject({ communicator: v.literal('none') })
const ssh = v.strictObject({
  ...sshAccessEntries,
  communicator: v.optional(v.picklist(['ssh', 'winrm', 'none'])),
  port: v.optional(port),
  host: v.optional(optionSchema.text),
  address: v.optional(v.picklist(['public-ip', 'private-ip', 'public-dns', 'private-dns', 'ipv6', 'session-manager'])),
  keyPair: v.optional(optionSchema.text),
  keyType: v.optional(v.picklist(['ed25519', 'rsa'])),
  keepAuthorizedKey: v.optional(v.boolean()),
  windowsPassword: v.optional(v.union([v.literal(true), v.strictObject({ timeout: v.optional(optionSchema.duration) })])),
  sessionManager: v.optional(v.strictObject({ port: v.optional(port), pauseBefore: v.optional(optionSchema.duration) })),
})

/** The schema of {@link ConnectOptions}. */
export const connectSchema: v.GenericSchema = v.lazy((value): v.GenericSchema =>
  schemaOf(typeof value === 'object' && value !== null && 'communicator' in value ? value.communicator : 'ssh'),
)

function schemaOf(communicator: unknown): v.GenericSchema {
  switch (communicator) {
    case 'none':
      return none
    case 'winrm':
      return winrmConnectSchema
    default:
      return ssh
  }
}

/** The options of a way in, or `undefined` when there is to be none. */
export function wayInto(connect: ConnectOptions | undefined): WayIn | undefined {
  if (connect?.communicator === 'none') return undefined
  return connect ?? {}
}

/** The port of the instance that a way leads to. */
export function portOf(way: WayIn): number {
  if (way.communicator !== 'winrm') return way.port ?? 22
  return way.port ?? (way.tls === undefined || way.tls === false ? 5985 : 5986)
}

/** How the password that Windows makes is waited for; `undefined` where nobody wants it. */
export function windowsPasswordOf(way: WayIn | undefined): { readonly timeout?: Duration } | undefined {
  if (way?.communicator === 'winrm') return way.password === undefined ? (way.windowsPassword ?? {}) : undefined
  return way?.windowsPassword === true ? {} : way?.windowsPassword
}

/** What of the options is about the SSH connection itself. */
export function sshAccess(connect: SshConnect): SshAccess {
  return Object.fromEntries(Object.entries(connect).filter(([name]) => Object.hasOwn(sshAccessEntries, name)))
}

/** Whether a key pair is made for the build. */
export function makesKeyPair(connect: ConnectOptions | undefined): boolean {
  const way = wayInto(connect)
  if (way === undefined) return false
  if (windowsPasswordOf(way) !== undefined) return way.keyPair === undefined
  if (way.communicator === 'winrm') return false
  return way.keyPair === undefined && way.key === undefined && way.agent === undefined && way.password === undefined
}

/** What options of the way in mean together. */
export function connectIssues(connect: ConnectOptions | undefined): readonly Issue[] {
  if (typeof connect !== 'object' || connect.communicator === 'none') return []
  if (connect.communicator === 'winrm') return prefixIssues(['connect'], winrmConnectIssues(connect))
  const issues: Issue[] = [...sshIssuesTogether(connect)]
  const { keyPair, key, agent, password, keyType, windowsPassword, address, sessionManager, host } = connect
  if (keyPair !== undefined && key === undefined && (agent === undefined || agent === false) && windowsPassword === undefined) {
    issues.push({ path: ['keyPair'], message: "needs its private key beside it: 'key', or 'agent'" })
  }
  if (windowsPassword !== undefined && keyPair !== undefined && key === undefined) {
    issues.push({ path: ['keyPair'], message: "needs its private key, 'key', to read the password" })
  }
  if (keyType !== undefined && !makesKeyPair(connect)) {
    issues.push({ path: ['keyType'], message: 'is for the key pair of the build, and none is made' })
  }
  if (windowsPassword !== undefined && keyType === 'ed25519') {
    issues.push({ path: ['keyType'], message: "must be 'rsa' for Windows, which encrypts its password with it" })
  }
  if (windowsPassword !== undefined && password !== undefined) {
    issues.push({ path: ['password'], message: "cannot stand beside 'windowsPassword'" })
  }
  if (sessionManager !== undefined && address !== 'session-manager') {
    issues.push({ path: ['sessionManager'], message: "needs address: 'session-manager'" })
  }
  if (address === 'session-manager' && host !== undefined)
    issues.push({ path: ['host'], message: "cannot stand beside address: 'session-manager'" })
  return prefixIssues(['connect'], issues)
}
