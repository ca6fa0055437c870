export { artifice } from './artifice.ts'
export type { ArtificeOptions } from './artifice.ts'
