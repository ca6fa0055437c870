declare const brand: unique symbol

/**
 * A path inside a root: relative, parts joined by `/`, `''` for the root itself. Each character stands for one byte (latin1), because
 * names on Linux need not be UTF-8.
 */
export type BytePath = string & { readonly [brand]: never }

/** The root itself. */
export const rootPath: BytePath = '' as BytePath // it has no characters

/** Text as bytes: UTF-8. */
export function bytePath(text: string): BytePath {
  return fromBytes(Buffer.from(text))
}

/** Bytes as they are. */
export function fromBytes(bytes: Uint8Array): BytePath {
  return Buffer.from(bytes).toString('latin1') as BytePath // latin1 gives one character for each byte
}

/** What the system calls it. */
export function toBytes(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1')
}

/** For people: UTF-8 where it is. */
export function toText(path: BytePath): string {
  return toBytes(path).toString()
}

/** Its names, without empty ones and `.`; `..` stays. */
export function namesOf(path: BytePath): BytePath[] {
  return path.split('/').filter((name) => name !== '' && name !== '.') as BytePath[] // pieces of bytes are bytes
}

/** A name below a directory. */
export function below(parent: BytePath, name: BytePath): BytePath {
  return (parent === '' ? name : `${parent}/${name}`) as BytePath // made of two
}

/** The directory it is in, and its last name. */
export function splitPath(path: BytePath): { readonly parent: BytePath; readonly name: BytePath } {
  const slash = path.lastIndexOf('/')
  return { parent: path.slice(0, Math.max(slash, 0)) as BytePath, name: path.slice(slash + 1) as BytePath } // pieces of bytes are bytes
}

/** The order of names in layers: by bytes, the same everywhere. */
export function compareBytes(a: BytePath, b: BytePath): number {
  return a < b ? -1 : a > b ? 1 : 0
}
