import type { LocalCommand } from '@imago/core'

/** How to run a command of VBoxManage. */
export interface ManageOptions {
  readonly signal: AbortSignal
  /** Told of what it prints, as it comes. */
  readonly onOutput?: LocalCommand['onOutput']
}

/** VirtualBox, as far as builds use it: its program VBoxManage, with a command and arguments, as they are. */
export interface VirtualBox {
  /**
   * Runs a command.
   * @returns what it printed to its standard output
   * @throws ImagoError `TOOL_MISSING` when VBoxManage is not there, `DISK_FULL`, `PROVIDER_FAILED` with VBoxManage's own words, or as the
   * signal says
   */
  manage(command: readonly string[], options: ManageOptions): Promise<string>
}
