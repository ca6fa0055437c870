import type { Duration, Secret } from '@imago/core'

import type { SshAlgorithms } from './algorithms.ts'

/** A private key: a file, or the key itself. OpenSSH's, PEM's (PKCS#1, SEC 1) and PuTTY's formats. */
export type SshKey = (
  | { /** Path; relative to the definition, `~/` is the home folder. */ readonly file: string; readonly inline?: never }
  | { /** The text of a private key. */ readonly inline: string | Secret; readonly file?: never }
) & {
  /** @default the key is not encrypted */
  readonly passphrase?: string | Secret
  /** Path of an OpenSSH certificate for this key (`id_ed25519-cert.pub`): ed25519, RSA or ECDSA. @default none */
  readonly certificate?: string
}

/** How the machine proves that it is the right one. */
export type SshHostKey =
  /** The key that it shows first is pinned for the run: another one later ends the build, unless the build itself restarted the machine. */
  | 'first-use'
  /** It shows a key with this fingerprint, or one of these: `SHA256:…` as `ssh-keygen -l` prints it. */
  | { readonly fingerprint: string | readonly string[]; readonly knownHosts?: never }
  /** It shows a key that stands in this file; relative to the definition, `~/` is the home folder. */
  | { readonly knownHosts: string; readonly fingerprint?: never }

/** Who logs in, and how. Methods are tried in this order: key, agent, password, keyboard-interactive with the password. */
export interface SshLogin {
  /** @default root */
  readonly user?: string
  readonly key?: SshKey
  /** Use the keys of an agent: the one at `SSH_AUTH_SOCK`, or at this socket. @default only when no key and no password is given */
  readonly agent?: boolean | string
  /** Also answers keyboard-interactive questions. */
  readonly password?: string | Secret
  /** @default first-use */
  readonly hostKey?: SshHostKey
}

/** A host to go through. What it does not say of the login, it takes from the machine's options; host keys are its own. */
export interface SshBastion extends SshLogin {
  readonly host: string
  /** @default 22 */
  readonly port?: number
}

/** A SOCKS5 proxy (RFC 1928, 1929). It also resolves the name of the host. */
export interface SshProxy {
  readonly type: 'socks5'
  readonly host: string
  /** @default 1080 */
  readonly port?: number
  /** @default none */
  readonly user?: string
  readonly password?: string | Secret
}

/** A port on one side that leads to an address on the other. */
export interface SshTunnel {
  /** Address to listen on. @default 127.0.0.1 */
  readonly bind?: string
  /** Port to listen on. */
  readonly port: number
  /** Where it leads to, seen from the other side. */
  readonly to: { readonly host: string; readonly port: number }
}

/** The way to the machine. */
export interface SshRoute {
  /** Hosts to go through, the first one first. @default none */
  readonly bastions?: readonly SshBastion[]
  /** What the first connection goes through. @default none */
  readonly proxy?: SshProxy
  /** Use only addresses of this kind. @default either */
  readonly ipVersion?: 4 | 6
  /** Open while the connection is. `local` listens here and leads to addresses that the machine sees, `remote` the other way round. */
  readonly tunnels?: { readonly local?: readonly SshTunnel[]; readonly remote?: readonly SshTunnel[] }
}

/** How long to wait, and how to notice that nobody is there any more. */
export interface SshPatience {
  /** How long to wait until the machine lets us in, at first and after the connection broke. @default '5m' */
  readonly timeout?: Duration
  /** Wait before the first connection; the time-out does not count it. @default 0 */
  readonly pauseBeforeConnecting?: Duration
  /** How many times a refused login is tried: while a machine starts, its users and keys may come later than its SSH server. @default 10 */
  readonly loginAttempts?: number
  /** Ask the machine for a sign of life every `interval`; the connection is broken when `count` in a row had no answer. @default { interval: '5s', count: 6 } */
  readonly keepAlive?: { readonly interval?: Duration; readonly count?: number } | false
  /** The connection is broken when not a byte came for so long, answers to `keepAlive` included. @default no limit */
  readonly readWriteTimeout?: Duration
}

/** Everything about an SSH connection apart from the address. */
export interface SshAccess extends SshLogin, SshRoute, SshPatience {
  /** Let programs in the machine use the agent of this one. Whoever is root there can use it too. @default false */
  readonly forwardAgent?: boolean
  readonly algorithms?: SshAlgorithms
  /** Compress what goes over the connection: faster on slow links, slower on fast ones. @default false */
  readonly compression?: boolean
  /** How files go over: as one tar stream, over SFTP, or over the first of these that the machine has. @default auto */
  readonly transfer?: 'auto' | 'tar' | 'sftp'
}

/** What {@link sshCommunicator} takes. */
export interface SshOptions extends SshAccess {
  /** Name or address of the machine. */
  readonly host: string
  /** @default 22 */
  readonly port?: number
  /**
   * Whether what holds the port hands on all connections once the machine is up, also those that were given up while it started. Fewer are
   * tried then. @default false
   */
  readonly pilesUp?: boolean
}
