import type { FilesArtifact } from '@imago/core'

/** An OCI image in one archive. Its `id` is the manifest's digest. */
export interface OciArchiveArtifact extends FilesArtifact {
  readonly type: 'oci-archive'
  /** Digest of the manifest, `sha256:…`: what registries and `skopeo` name the image by. */
  readonly digest: string
  /** Digest of the configuration, `sha256:…`: what Docker names the image by. */
  readonly imageId: string
  /** Bytes of the archive. */
  readonly size: number
  /** `os/architecture`. */
  readonly platform: string
  /** The image's name in the archive, where it was given one. */
  readonly tag?: string
}
