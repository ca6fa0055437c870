/** The parameters of a request in the Query protocol as a tree: `Filter.1.Name=x` is `{ Filter: { 1: { Name: 'x' } } }`. */
export type QueryNode = string | QueryTree

/** A node with children. */
export type QueryTree = Map<string, QueryNode>

/** Reads the body of a request in the Query protocol. */
export function parseQuery(body: string): QueryTree {
  const root: QueryTree = new Map()
  for (const [key, value] of new URLSearchParams(body)) place(root, key.split('.'), value)
  return root
}

function place(root: QueryTree, path: readonly string[], value: string): void {
  let tree = root
  for (const part of path.slice(0, -1)) {
    const below = tree.get(part)
    const next: QueryTree = below instanceof Map ? below : new Map<string, QueryNode>()
    tree.set(part, next)
    tree = next
  }
  tree.set(path.at(-1) ?? '', value)
}
