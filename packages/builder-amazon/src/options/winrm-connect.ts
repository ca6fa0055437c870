import type { SshKey } from '@imago/communicator-ssh'
import { sshAccessEntries } from '@imago/communicator-ssh'
import type { WinrmAccess } from '@imago/communicator-winrm'
import { winrmAccessEntries, winrmIssuesTogether } from '@imago/communicator-winrm'
import type { Duration, Issue } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

import { wholeNumber } from './text.ts'

/** How an instance that runs Windows is reached: over WinRM, which its user data must switch on where the image does not. */
export interface WinrmConnect extends Omit<WinrmAccess, 'password'> {
  readonly communicator: 'winrm'
  /** @default the one that Windows makes for its administrator, which AWS hands over encrypted with the instance's key */
  readonly password?: WinrmAccess['password']
  /** How Windows' own password is waited for. Packer: `windows_password_timeout`. */
  readonly windowsPassword?: { /** How long it may take. @default '20m' */ readonly timeout?: Duration }
  /** Packer: `winrm_port`. @default 5985, or 5986 with `tls` */
  readonly port?: number
  /** A name or an address that leads to the instance, instead of one of its own. Packer: `winrm_host`. */
  readonly host?: string
  /** @default public-ip where the instance has one, else private-ip */
  readonly address?: 'public-ip' | 'private-ip' | 'public-dns' | 'private-dns' | 'ipv6'
  /** A key pair that is there, for Windows' own password. Packer: `ssh_keypair_name`. @default one for the build, of the kind rsa */
  readonly keyPair?: string
  /** The private key of `keyPair`, in PEM format. Packer: `ssh_private_key_file`. */
  readonly key?: SshKey
}

/** The schema of {@link WinrmConnect}. */
export const winrmConnectSchema: v.GenericSchema = v.strictObject({
  ...winrmAccessEntries,
  communicator: v.literal('winrm'),
  password: v.optional(optionSchema.textOrSecret),
  windowsPassword: v.optional(v.strictObject({ timeout: v.optional(optionSchema.duration) })),
  port: v.optional(wholeNumber(1, 65_535)),
  host: v.optional(optionSchema.text),
  address: v.optional(v.picklist(['public-ip', 'private-ip', 'public-dns', 'private-dns', 'ipv6'])),
  keyPair: v.optional(optionSchema.text),
  key: sshAccessEntries['key'] ?? v.undefined(),
})

/** What the options mean together. */
export function winrmConnectIssues(connect: WinrmConnect): readonly Issue[] {
  const { password, windowsPassword, keyPair, key } = connect
  const rules: readonly [broken: boolean, issue: Issue][] = [
    [
      windowsPassword !== undefined && password !== undefined,
      { path: ['windowsPassword'], message: "is not waited for: 'password' is given" },
    ],
    [
      password === undefined && keyPair !== undefined && key === undefined,
      { path: ['keyPair'], message: "needs its private key, 'key', to read the password" },
    ],
    [key !== undefined && keyPair === undefined, { path: ['key'], message: "is that of 'keyPair', which is not given" }],
  ]
  return [...winrmIssuesTogether(connect), ...rules.flatMap(([broken, issue]) => (broken ? [issue] : []))]
}

/** What of the options is about the WinRM connection itself. */
export function winrmAccess(connect: WinrmConnect): Omit<WinrmAccess, 'password'> {
  return Object.fromEntries(Object.entries(connect).filter(([name]) => name !== 'password' && Object.hasOwn(winrmAccessEntries, name)))
}
