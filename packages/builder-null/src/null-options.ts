import type { SshOptions } from '@imago/communicator-ssh'
import type { WinrmOptions } from '@imago/communicator-winrm'

/** A host that is reached over SSH. */
export interface SshHost extends SshOptions {
  /** @default ssh */
  readonly communicator?: 'ssh'
  /**
   * Remove the `key` that this build logs in with, and no other, from the user's `authorized_keys` when all provisioners have succeeded:
   * for a key that was put there for the build alone. Nobody can log in with it afterwards. @default false
   */
  readonly clearAuthorizedKeys?: boolean
}

/** A host that runs Windows and is reached over WinRM. */
export interface WinrmHost extends WinrmOptions {
  readonly communicator: 'winrm'
}

/** This machine: commands run here, as the user who builds. */
export interface LocalHost {
  readonly communicator: 'local'
}

/** No machine. Provisioners that need one fail; those that run on this machine, and post-processors, run. */
export interface NoHost {
  readonly communicator: 'none'
}

/** What {@link nullBuilder} takes. */
export type NullOptions = SshHost | WinrmHost | LocalHost | NoHost
