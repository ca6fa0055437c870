export { manifest } from './manifest.ts'
export type { ManifestOptions } from './manifest.ts'
export type { Manifest, ManifestEntry } from './write-entry.ts'
