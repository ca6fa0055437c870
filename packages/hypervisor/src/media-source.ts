/** The digest that a file must have: `sha256:…`, `sha512:…`, `sha1:…` or `md5:…`, in hex. */
export type Digest = `${DigestAlgorithm}:${string}`

/** The digests that sources can be checked with. */
export type DigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512'

/** How a source is known to be the right one. */
export type Checksum =
  | Digest
  /**
   * Where a file of digests is: a URL or a local path. The formats of `sha256sum` and of `sha256sum --tag`, several files in it or one. The
   * line is found by the name of the source's file.
   */
  | { readonly url: string }
  /** Do not check. */
  | 'none'

/** A disk image or an ISO image to start from. */
export interface MediaSource {
  /** Where it is: a URL (`https:`, `http:`, `file:`) or a local path, relative to the definition. Of several, the first that works is taken. */
  readonly url: string | readonly string[]
  readonly checksum: Checksum
}
