import type { Inventory } from './installed-package.ts'

/** What a document is made of. */
export interface SbomRequest {
  /** The image's name. */
  readonly image: string
  /** The build's name. */
  readonly build: string
  readonly inventory: Inventory
  /** Tells the document from all others: a random UUID. */
  readonly uuid: string
  readonly created: Date
}
