export { nullBuilder } from './null-builder.ts'
export type { NoArtifact } from './null-builder.ts'
export type { LocalHost, NoHost, NullOptions, SshHost, WinrmHost } from './null-options.ts'
export { plugin } from './plugin.ts'
