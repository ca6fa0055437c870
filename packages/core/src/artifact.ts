/** A file of an artifact. */
export interface ArtifactFile {
  /** Absolute path on this machine. */
  readonly path: string
  /** Size in bytes. */
  readonly size: number
  /** SHA-256 of the content in hex, where whoever wrote the file computed it on the way. */
  readonly sha256?: string
}

/** What a builder or a post-processor makes. Plain JSON. */
export interface Artifact {
  /** What it is: `'docker-image'`, `'oci-archive'`, `'files'`. */
  readonly type: string
  /** What names it at its provider: a digest, an image id, a path. */
  readonly id: string
  /** The files it consists of, where it consists of files. */
  readonly files?: readonly ArtifactFile[]
}

/** An artifact that consists of files on this machine. */
export interface FilesArtifact extends Artifact {
  readonly files: readonly ArtifactFile[]
}

/** What a post-processor makes that hands on what it got: for the compiler, the next one of the chain gets the same. Never a real type. */
export interface SameArtifact extends Artifact {
  readonly type: 'same-artifact'
}

/** What is known of an artifact before it is made. */
export interface ArtifactShape {
  readonly type: string
  /** Whether it consists of files on this machine. */
  readonly files: boolean
}

/** A Docker image in the engine's store. Made by `builder-docker`, taken by `post-processor-docker`. */
export interface DockerImageArtifact extends Artifact {
  readonly type: 'docker-image'
  /** The image's id, `sha256:…`: the digest of its configuration. */
  readonly imageId: string
  /** Size in bytes, all layers. */
  readonly size: number
  /** The names it has in the engine, `repository:tag`. */
  readonly tags: readonly string[]
  /** `repository@sha256:…` as registries know it; empty until it is pushed. */
  readonly digests: readonly string[]
  /** The engine that holds it (`unix:///var/run/docker.sock`), so that a later step talks to the same one. */
  readonly engine: string
}
