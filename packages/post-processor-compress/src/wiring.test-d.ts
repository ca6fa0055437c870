import type { Builder, DockerImageArtifact, FilesArtifact } from '@imago/core'
import { defineImage } from '@imago/core'

import { compress } from './index.ts'

declare const docker: Builder<DockerImageArtifact>
declare const vm: Builder<FilesArtifact>

// every right use compiles
defineImage({ name: 'cow', builders: { vm }, postProcessors: [compress(), [compress({ output: 'x.tar' }), compress({ output: 'x.gz' })]] })
defineImage({
  name: 'cow',
  builders: { docker, vm },
  postProcessors: [compress({ only: ['vm'], timeout: '10m', keepInputArtifact: true })],
})

defineImage({
  name: 'cow',
  builders: { docker, vm },
  postProcessors: [
    // error: post-processor cannot take what builder 'docker' makes; add only: [...]
    compress({ output: 'x.tar' }),
  ],
})
// error: Type '"rar"' is not assignable
compress({ format: 'rar' })
