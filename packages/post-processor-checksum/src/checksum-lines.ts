/** A file and its checksum. */
export interface ChecksumLine {
  /** As it is named in the file of checksums. */
  readonly name: string
  /** In hex. */
  readonly digest: string
}

/** What `sha256sum -c` and its like read: a line for each file, sorted by name. */
export function checksumLines(lines: readonly ChecksumLine[]): string {
  return lines
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, digest }) => line(name, digest))
    .join('')
}

/** A backslash before the line says that backslashes and line ends in the name are written as in C, as GNU coreutils do. */
function line(name: string, digest: string): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `${escaped === name ? '' : '\\'}${digest}  ${escaped}\n`
}
