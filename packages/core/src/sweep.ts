import type { ErrorJson } from './error.ts'
import { ImagoError } from './error.ts'
import type { Plugin, ResourceRecord } from './resources.ts'

/** How to sweep. */
export interface SweepOptions {
  /** Where the journal is. @default `.imago` in the current folder */
  readonly stateDirectory?: string
  /** Packages to ask for what they find by labels, beside those that the journal names. */
  readonly plugins?: readonly Plugin[]
  /** Loads a package that the journal names. @default `import(name)` */
  readonly loadPlugin?: (packageName: string) => Promise<Plugin>
  /** Also what runs on other machines made, which may still be running. @default false */
  readonly otherHosts?: boolean
  /** Say what would be removed and remove nothing. @default false */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  /** Told as each one is done. */
  readonly onResource?: (swept: SweptResource) => void
}

/** What became of a resource. */
export interface SweptResource {
  readonly record: ResourceRecord
  /** `would-remove` on a dry run; `in-use` when the run that made it is still running, or may be. */
  readonly outcome: 'removed' | 'would-remove' | 'in-use' | 'failed'
  readonly error?: ErrorJson
}

/** Removes what runs that were killed have left, by their journals and by labels. Never touches a run that is still running. */
export function sweep(_options: SweepOptions = {}): Promise<readonly SweptResource[]> {
  throw new ImagoError('INTERNAL', 'not written yet')
}
