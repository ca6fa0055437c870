import type { Duration, Secret } from '@imago/core'

/** How the machine proves over TLS that it is the right one. */
export interface WinrmTls {
  /** File of certificates (PEM) that are trusted beside those of the system; relative to the definition. @default none */
  readonly ca?: string
  /** Take any certificate, and whoever is in between. Machines make theirs themselves as a rule. @default false */
  readonly insecure?: boolean
}

/** Everything about a WinRM connection apart from the address. */
export interface WinrmAccess {
  /** An administrator of the machine; with NTLM also `DOMAIN\name`. @default Administrator */
  readonly user?: string
  readonly password: string | Secret
  /** HTTPS: `true`, or how certificates are checked. @default false */
  readonly tls?: boolean | WinrmTls
  /**
   * `basic` sends the password with every request, and over HTTP everybody on the way can read it and all else; a machine takes it only
   * when it is told to. `ntlm` proves that it knows the password, and encrypts what goes over HTTP: what Windows takes as it is installed.
   * @default basic
   */
  readonly auth?: 'basic' | 'ntlm'
  /** How long to wait until the machine lets us in, at first and after the connection broke. @default '30m' */
  readonly timeout?: Duration
  /** Wait before the first connection; the time-out does not count it. @default 0 */
  readonly pauseBeforeConnecting?: Duration
  /** How many times a refused login is tried: while a machine is installed, its users may come later than WinRM. @default 10 */
  readonly loginAttempts?: number
}

/** What {@link winrmCommunicator} takes. */
export interface WinrmOptions extends WinrmAccess {
  /** Name or address of the machine. */
  readonly host: string
  /** @default 5985, or 5986 with `tls` */
  readonly port?: number
}
