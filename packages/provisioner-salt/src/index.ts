export type { CommandInstallation, Installation, PackageInstallation, ScriptInstallation } from '@imago/configuration-management'
export { saltMasterless } from './salt-masterless.ts'
export type { SaltMasterlessOptions } from './salt-options.ts'
