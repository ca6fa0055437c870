import { fileEntry } from '@imago/archive'
import type { ArchiveEntry } from '@imago/archive'
import type { Artifact, FilesArtifact } from '@imago/core'
import { ImagoError } from '@imago/core'

import type { BoxContent } from './box-content.ts'
import { architectureOf, rubyString, withFiles } from './box-content.ts'
import type { ImageReference } from './docker-image.ts'

/** A box for Docker that names an image: whoever brings the machine up has it, or fetches it from its registry. */
export function imageBox({ name, architecture }: ImageReference): BoxContent {
  return {
    architecture: architectureOf(architecture),
    metadata: {},
    vagrantfile: provider(`docker.image = ${rubyString(name)}`),
    entries: [],
  }
}

/**
 * A box for Docker that holds a root file system, and the Dockerfile that makes an image of it when the machine is brought up.
 * @throws ImagoError `INPUT_MISSING`, `UNSUPPORTED` when there are several files
 */
export async function rootfsBox(input: Artifact): Promise<BoxContent> {
  const rootfs = await fileEntry(onlyPath(withFiles(input)), 'rootfs.tar')
  const platform: unknown = Reflect.get(input, 'platform')
  const [, architecture] = typeof platform === 'string' ? platform.split('/') : []
  return {
    architecture: architectureOf(architecture),
    metadata: {},
    vagrantfile: provider('docker.build_dir = __dir__'),
    entries: [dockerfile(rootfs), rootfs],
  }
}

function provider(line: string): readonly string[] {
  return ['config.vm.provider :docker do |docker|', `  ${line}`, 'end']
}

function dockerfile({ mtimeMs }: ArchiveEntry): ArchiveEntry {
  const content = Buffer.from('FROM scratch\nADD rootfs.tar /\nCMD ["/bin/sh"]\n')
  return { name: 'Dockerfile', size: content.length, mode: 0o644, mtimeMs, content }
}

function onlyPath({ id, files: [file, ...more] }: FilesArtifact): string {
  if (file !== undefined && more.length === 0) return file.path
  throw new ImagoError('UNSUPPORTED', `'${id}' has ${more.length + 1} files, and a box for docker holds one archive of a file system`)
}
