export type { ArchiveFormat } from '@imago/archive'
export { compress } from './compress.ts'
export type { CompressOptions } from './compress.ts'
