export type {
  CommandInstallation,
  Installation,
  PackageInstallation,
  ScriptInstallation,
  SecretData,
  SecretJson,
} from '@imago/configuration-management'
export { chefClient } from './chef-client.ts'
export type { ChefClientOptions, NodeIdentity, NodeRun } from './chef-client.ts'
export type { ChefOptions, ChefSettings } from './chef-options.ts'
export type { ChefProduct } from './chef-product.ts'
export { chefSolo } from './chef-solo.ts'
export type { KnifeOptions } from './clean-server.ts'
export type { ChefSoloOptions, CookbookSource, RunListOptions } from './chef-solo-options.ts'
