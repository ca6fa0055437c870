import type { Artifact, ArtifactFile, Builder, DockerImageArtifact, FilesArtifact } from '@imago/core'
import { defineImage } from '@imago/core'

import type { ApplianceInput, RootfsInput } from './index.ts'
import { vagrant } from './index.ts'

interface Disk<F extends string> extends FilesArtifact {
  readonly type: 'qemu-disk'
  readonly format: F
  readonly virtualSize: number
  readonly arch: 'x86_64' | 'aarch64'
  readonly nvram?: ArtifactFile
}

declare const vm: Builder<Disk<'qcow2'>>
declare const raw: Builder<Disk<'raw'>>
declare const virtualbox: Builder<ApplianceInput & { readonly guestOsType: string }>
declare const docker: Builder<DockerImageArtifact>
declare const rootfs: Builder<RootfsInput>
declare const ami: Builder<
  Artifact & { readonly type: 'amazon-ami'; readonly images: readonly { readonly region: string; readonly imageId: string }[] }
>
declare const nothing: Builder<Artifact & { readonly type: 'discarded' }>
declare const files: Builder<FilesArtifact>

// every right use compiles
defineImage({
  name: 'cow',
  builders: { vm, virtualbox, docker, rootfs, ami, nothing, files },
  postProcessors: [
    vagrant({ except: ['nothing', 'files'] }),
    vagrant({ provider: 'aws', only: ['ami'] }),
    vagrant({ only: ['vm'], output: ({ provider }) => `${String(provider)}.box`, catalogue: { path: 'cow.json', version: '1.0' } }),
    vagrant({ provider: 'virtualbox', only: ['virtualbox', 'files'] }),
    vagrant({ provider: 'libvirt', only: ['vm', 'files'], vagrantfile: { path: 'Vagrantfile.add' } }),
    vagrant({ provider: 'docker', only: ['docker', 'rootfs'], vagrantfile: { content: '# moo' } }),
  ],
})

defineImage({
  name: 'cow',
  builders: { vm, nothing },
  postProcessors: [
    // error: post-processor cannot take what builder 'nothing' makes; add only: [...]
    vagrant(),
  ],
})
defineImage({
  name: 'cow',
  builders: { raw },
  postProcessors: [
    // error: post-processor cannot take what builder 'raw' makes; add only: [...]
    vagrant(),
  ],
})
defineImage({
  name: 'cow',
  builders: { vm },
  postProcessors: [
    // error: post-processor cannot take what builder 'vm' makes; add only: [...]
    vagrant({ provider: 'virtualbox' }),
  ],
})
defineImage({
  name: 'cow',
  builders: { vm },
  postProcessors: [
    // error: post-processor cannot take what builder 'vm' makes; add only: [...]
    vagrant({ provider: 'docker' }),
  ],
})
defineImage({
  name: 'cow',
  builders: { files },
  postProcessors: [
    // error: post-processor cannot take what builder 'files' makes; add only: [...]
    vagrant(),
  ],
})
defineImage({
  name: 'cow',
  builders: { vm },
  postProcessors: [
    // error: a post-processor in this chain cannot take what the one before it makes
    [vagrant(), vagrant()],
  ],
})
// error: Type '"vmware"' is not assignable
vagrant({ provider: 'vmware' })
