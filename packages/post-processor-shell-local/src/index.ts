export type { LocalScriptSettings, Platform, ScriptEnvironment, ScriptSource } from '@imago/script'
export { shellLocal } from './shell-local.ts'
export type { ShellLocalOptions } from './shell-local.ts'
