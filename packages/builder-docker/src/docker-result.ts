import type { ContainerConfig } from '@imago/container-registry'
import type { Artifact, ArtifactFile, DockerImageArtifact, FilesArtifact } from '@imago/core'

/** The container's changes become a layer of a new image in the engine's store. */
export interface CommitResult {
  readonly type: 'commit'
  /** The image's name. @default none: the image has only its id */
  readonly repository?: string
  /** Needs `repository`. @default latest */
  readonly tag?: string
  readonly author?: string
  /** What `docker history` shows of the layer. */
  readonly message?: string
  /** How containers of the new image run. @default as those of the base image */
  readonly config?: ContainerConfig
  /** Dockerfile instructions, applied after `config`: `EXPOSE 80`. */
  readonly changes?: readonly string[]
}

/** The container's whole file system becomes a tar archive on this machine. */
export interface ExportResult {
  readonly type: 'export'
  /** The file, relative to the definition. What is there is replaced when the new one is whole. */
  readonly path: string
}

/** Nothing is kept: for trying things out, and for images whose steps send their work elsewhere. */
export interface DiscardResult {
  readonly type: 'discard'
}

/** What becomes of the container when the provisioners are done. */
export type DockerResult = CommitResult | ExportResult | DiscardResult

/** A container's file system as a tar archive, in one file. */
export interface DockerRootfsArtifact extends FilesArtifact {
  readonly type: 'docker-rootfs'
  readonly files: readonly [ArtifactFile]
  /** `linux/amd64` */
  readonly platform: string
}

/** Nothing, of a build that keeps nothing. Its id is that of the container, which is gone. */
export interface DiscardedArtifact extends Artifact {
  readonly type: 'discarded'
}

/** The artifact that a result makes. */
export type DockerArtifact<R extends DockerResult> = R extends ExportResult
  ? DockerRootfsArtifact
  : R extends DiscardResult
    ? DiscardedArtifact
    : DockerImageArtifact
