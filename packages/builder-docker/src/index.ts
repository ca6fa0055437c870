export { docker } from './docker.ts'
export type { DockerfileOptions, DockerOptions, DockerRunOptions, DockerStart, PullPolicy } from './docker-options.ts'
export type {
  CommitResult,
  DiscardedArtifact,
  DiscardResult,
  DockerArtifact,
  DockerResult,
  DockerRootfsArtifact,
  ExportResult,
} from './docker-result.ts'
export { plugin } from './plugin.ts'
