import type { ArchiveEntry } from '@imago/archive'
import type { Artifact, FilesArtifact, JsonObject } from '@imago/core'
import { ImagoError } from '@imago/core'

/** What a provider needs in a box. */
export interface BoxContent {
  /** As Vagrant names it; `undefined` when nobody can tell. */
  readonly architecture: string | undefined
  /** What stands in `metadata.json` beside provider and architecture. */
  readonly metadata: JsonObject
  /** Lines of the Vagrantfile, in its `Vagrant.configure` block. */
  readonly vagrantfile: readonly string[]
  readonly entries: readonly ArchiveEntry[]
}

/** An artifact that has files. @throws ImagoError `UNSUPPORTED` */
export function withFiles(input: Artifact): FilesArtifact {
  const { files } = input
  if (files !== undefined && files.length > 0) return { ...input, files }
  throw new ImagoError('UNSUPPORTED', `'${input.id}' (${input.type}) has no files to put into a box`)
}

/** The path of a file that an artifact names as one of its members: `rootfs`. */
export function namedPath(input: Artifact, member: string): string | undefined {
  const file: unknown = Reflect.get(input, member)
  return typeof file === 'object' && file !== null && 'path' in file && typeof file.path === 'string' ? file.path : undefined
}

/** A processor as Vagrant names it, of the name that QEMU has for it, or Docker. */
export function architectureOf(name: unknown): string | undefined {
  switch (name) {
    case 'x86_64':
      return 'amd64'
    case 'aarch64':
      return 'arm64'
    case '386':
      return 'i386'
    default:
      return typeof name === 'string' ? name : undefined
  }
}

/** A string in Ruby. */
export function rubyString(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
}
