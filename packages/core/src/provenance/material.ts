/** Something that a build read or made: one of `uri` and `digest` is there. */
export interface Material {
  /** What people call it: a file's name, an image's name. */
  readonly name?: string
  /** What names it anywhere: `https://…`, `pkg:docker/debian@12`. */
  readonly uri?: string
  /** Digests in hexadecimal digits, by algorithm: `{ sha256: '…' }`. Whoever has none may put an id in its place that never changes its meaning. */
  readonly digest?: Readonly<Record<string, string>>
}

/** A digest as ids and registries write it (`sha256:…`), as a material has it; none when it is not one. */
export function digestOf(text: string): Pick<Material, 'digest'> {
  const [, algorithm, hex] = /^(sha256|sha384|sha512):([0-9a-f]{64,128})$/.exec(text) ?? []
  return algorithm === undefined || hex === undefined ? {} : { digest: { [algorithm]: hex } }
}
