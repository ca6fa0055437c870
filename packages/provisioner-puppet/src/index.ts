export type { Installation, PackageInstallation, ScriptInstallation } from '@imago/configuration-management'
export { puppetApply } from './puppet-apply.ts'
export type { HieraOptions, PuppetApplyOptions } from './puppet-apply.ts'
export type { PuppetOptions } from './puppet-run.ts'
