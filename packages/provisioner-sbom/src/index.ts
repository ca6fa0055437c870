export { sbom } from './sbom.ts'
export type { SbomOptions } from './sbom.ts'
