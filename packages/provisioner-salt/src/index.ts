export type { CommandInstallation, Installation, PackageInstallation, ScriptInstallation } from '@imago/configuration-management'
export { saltMasterless } from './salt-masterless.ts'
export type { GitFormula, SaltMasterlessOptions } from './salt-options.ts'
