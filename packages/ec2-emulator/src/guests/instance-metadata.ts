/** What an instance is told by the metadata service. */
export interface InstanceMetadata {
  /** `disabled` where it answers nobody. */
  readonly endpoint: 'enabled' | 'disabled'
  /** `required` where it answers only those who show a token (IMDSv2). */
  readonly tokens: 'optional' | 'required'
  /** Whether tags are told. */
  readonly tags: 'enabled' | 'disabled'
  /** What stands below `/latest/`. */
  readonly tree: MetadataTree
}

/** Texts and folders of them, by name. What is `undefined` is not there. */
export interface MetadataTree {
  readonly [name: string]: string | Buffer | MetadataTree | undefined
}

/**
 * Looks a path up: a text, or the names in a folder, a line each.
 * @returns `undefined` when nothing is there
 */
export function lookUp(tree: MetadataTree, path: string): string | Buffer | undefined {
  let found: string | Buffer | MetadataTree | undefined = tree
  for (const part of path.split('/').filter((name) => name !== '')) {
    found = isFolder(found) && Object.hasOwn(found, part) ? found[part] : undefined
  }
  return isFolder(found) ? listing(found) : found
}

function isFolder(value: MetadataTree[string]): value is MetadataTree {
  return typeof value === 'object' && !Buffer.isBuffer(value)
}

function listing(folder: MetadataTree): string {
  const names = Object.entries(folder).filter(([, value]) => value !== undefined)
  return names.map(([name, value]) => (isFolder(value) ? `${name}/` : name)).join('\n')
}
