export { checksum } from './checksum.ts'
export type { ChecksumAlgorithm, ChecksumOptions } from './checksum.ts'
