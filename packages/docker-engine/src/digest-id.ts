/** The id of an image with the name of its algorithm, which Podman leaves out. */
export function digestId(id: string): string {
  return id.startsWith('sha256:') ? id : `sha256:${id}`
}
