export type { ArchiveFormat } from './archive-format.ts'
export { compress } from './compress.ts'
export type { CompressOptions } from './compress.ts'
