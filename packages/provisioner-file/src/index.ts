export { file } from './file.ts'
export type { DownloadOptions, FileOptions, UploadOptions } from './file-options.ts'
