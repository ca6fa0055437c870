export { artifactNames, artifactSize, formatSize, outputLines, singleLine, stepTitle } from './text.ts'
export type { OutputTextOptions } from './text.ts'
