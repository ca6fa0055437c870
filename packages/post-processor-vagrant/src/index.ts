export type { AmiInput, ApplianceInput, BoxInput, DiskInput, Provider, RootfsInput } from './box-input.ts'
export type { VagrantBoxArtifact } from './make-box.ts'
export { vagrant } from './vagrant.ts'
export type { CatalogueOptions, VagrantfileSource, VagrantOptions } from './vagrant.ts'
