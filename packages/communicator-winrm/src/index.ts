export { winrmInputs } from './winrm-inputs.ts'
export type { WinrmAccess, WinrmOptions, WinrmTls } from './winrm-options.ts'
export { winrmAccessEntries, winrmEntries, winrmIssuesTogether } from './winrm-schema.ts'
