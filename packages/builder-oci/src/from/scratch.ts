/** A base with nothing in it. */
export interface ScratchSource {
  readonly kind: 'scratch'
}

/**
 * Starts from nothing: no files at all, and so no shell.
 * @example oci({ from: scratch(), entrypoint: ['/server'] })
 */
export function scratch(): ScratchSource {
  return { kind: 'scratch' }
}
