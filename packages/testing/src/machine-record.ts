import type { RestartOptions, Source } from '@imago/core'

/** A command that a fake machine was given. */
export interface CommandRecord {
  readonly kind: 'command'
  /** As it was given. */
  readonly command: string | readonly string[]
  /** What ran: the command, a list quoted for a shell, followed by what it got on standard input. Assertions and answers match against it. */
  readonly text: string
  readonly env: Readonly<Record<string, string>>
  /** What it got on standard input, as UTF-8. */
  readonly stdin?: string
  readonly cwd?: string
}

/** A file that came into a fake machine. */
export interface UploadedFile {
  /** Where it went. */
  readonly path: string
  readonly content: Uint8Array
  readonly mode: number
  /** `uid:gid`, or names. */
  readonly owner: string
}

/** An upload to a fake machine. */
export interface UploadRecord {
  readonly kind: 'upload'
  readonly source: Source
  readonly destination: string
  /** The mode that was asked for. */
  readonly mode?: number
  /** The owner that was asked for. */
  readonly owner?: string
  /** Whether what is there already was to be left out. A fake machine takes everything. */
  readonly sync?: boolean
  /** The files of it, with what was in them then. */
  readonly files: readonly UploadedFile[]
}

/** A download from a fake machine. */
export interface DownloadRecord {
  readonly kind: 'download'
  readonly source: string
  readonly destination: string
}

/** A restart of a fake machine, with what was asked for. */
export interface RestartRecord extends Omit<RestartOptions, 'signal'> {
  readonly kind: 'restart'
}

/** What a fake machine was asked to do. */
export type MachineRecord = CommandRecord | UploadRecord | DownloadRecord | RestartRecord
