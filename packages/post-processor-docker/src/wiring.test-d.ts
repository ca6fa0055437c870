import type { Artifact, Builder, DockerImageArtifact, FilesArtifact } from '@imago/core'
import { defineImage } from '@imago/core'

import type { ImageArchiveArtifact } from './index.ts'
import { dockerImport, dockerLoad, dockerPush, dockerSave, dockerTag } from './index.ts'

declare const docker: Builder<DockerImageArtifact>
declare const oci: Builder<ImageArchiveArtifact>
declare const vm: Builder<FilesArtifact>
declare const ami: Builder<Artifact & { readonly type: 'ami' }>

// every right use compiles
defineImage({
  name: 'cow',
  builders: { docker, oci, vm, ami },
  postProcessors: [
    [dockerTag({ repository: 'cow', only: ['docker'] }), dockerPush(), dockerSave({ path: 'cow.tar' }), dockerLoad()],
    dockerSave({ path: ({ buildName }) => `${buildName}.tar`, except: ['oci', 'vm', 'ami'] }),
    [dockerLoad({ repository: 'cow', only: ['oci'], retry: 2 }), dockerPush()],
    [dockerImport({ only: ['vm'], keepInputArtifact: false }), dockerTag({ repository: 'cow' })],
  ],
})

defineImage({
  name: 'cow',
  builders: { docker, vm },
  postProcessors: [
    // error: this image has no builder 'dokcer'
    dockerTag({ repository: 'cow', only: ['dokcer'] }),
  ],
})
defineImage({
  name: 'cow',
  builders: { docker, ami },
  postProcessors: [
    // error: post-processor cannot take what builder 'ami' makes; add only: [...]
    dockerPush(),
  ],
})
defineImage({
  name: 'cow',
  builders: { vm },
  postProcessors: [
    // error: post-processor cannot take what builder 'vm' makes; add only: [...]
    dockerLoad(),
  ],
})
defineImage({
  name: 'cow',
  builders: { docker },
  postProcessors: [
    // error: a post-processor in this chain cannot take what the one before it makes
    [dockerSave({ path: 'cow.tar' }), dockerPush()],
  ],
})
// error: Type 'string' is not assignable to type 'Secret'
dockerPush({ login: { username: 'daisy', password: 'clover' } })
// error: Object literal may only specify known properties
dockerTag({ repository: 'cow', tag: '1.0' })
