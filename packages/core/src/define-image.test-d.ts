import { artifactOf, build, defineImage } from './index.ts'
import type {
  Artifact,
  Builder,
  DockerImageArtifact,
  FilesArtifact,
  Image,
  PostProcessor,
  PostProcessorOptions,
  Provisioner,
  Scope,
  StepOptions,
  SameArtifact,
} from './index.ts'

interface AmiArtifact extends Artifact {
  readonly type: 'ami'
  readonly amis: Readonly<Record<string, string>>
}
declare function amazonEbs(options: { region: string }): Builder<AmiArtifact>
declare function docker(options: {
  image: string | ReturnType<typeof artifactOf<{ a: Builder<DockerImageArtifact> }, 'a'>>
}): Builder<DockerImageArtifact>
declare function qemu(options: { iso: string }): Builder<FilesArtifact>
declare function shell<const N extends string = never>(
  options: { inline: readonly string[] } & StepOptions & Scope<N>,
): Provisioner<NoInfer<N>>
declare function compress<const O extends string = never, const X extends string = never>(
  options: { output: string } & Scope<O, X>,
): PostProcessor<FilesArtifact, FilesArtifact, NoInfer<O>, NoInfer<X>>
declare function dockerTag<const O extends string = never, const X extends string = never>(
  options: { repository: string } & Scope<O, X>,
): PostProcessor<DockerImageArtifact, DockerImageArtifact, NoInfer<O>, NoInfer<X>>
declare function dockerSave<const O extends string = never, const X extends string = never>(
  options: { path: string } & Scope<O, X>,
): PostProcessor<DockerImageArtifact, FilesArtifact, NoInfer<O>, NoInfer<X>>
declare function manifest<const O extends string = never, const X extends string = never>(
  options?: Scope<O, X>,
): PostProcessor<Artifact, FilesArtifact, NoInfer<O>, NoInfer<X>>

declare function shellLocal<const O extends string = never, const X extends string = never>(
  options: { inline: readonly string[] } & Scope<O, X>,
): PostProcessor<Artifact, SameArtifact, NoInfer<O>, NoInfer<X>>

const builders = { aws: amazonEbs({ region: 'us-west-2' }), docker: docker({ image: 'debian:12' }), vm: qemu({ iso: 'x' }) }

// every right use compiles
const cow = defineImage({
  name: 'cow',
  builders,
  provisioners: [
    shell({ inline: ['true'] }),
    shell({ inline: ['x'], only: ['aws'] }),
    shell({ inline: ['x'], except: ['docker', 'vm'], timeout: '10s' }),
  ],
  errorCleanup: [shell({ inline: ['x'], only: ['aws'] })],
  postProcessors: [
    manifest(),
    compress({ output: 'x.tar.gz', only: ['vm'] }),
    compress({ output: 'y.tar.gz', except: ['aws', 'docker'] }),
    [dockerTag({ repository: 'x', only: ['docker'] }), dockerSave({ path: 'x.tar' }), compress({ output: 'y' })],
  ],
})
const imageId: string = (await build(cow)).docker.imageId
const region: string | undefined = (await build(cow, { only: ['aws'] })).aws.amis['us-west-2']
const files: FilesArtifact = (await build(cow, { except: ['aws', 'docker'] })).vm
const [both] = await build([cow])
export const results: unknown[] = [imageId, region, files, both.vm.files]

// names in only and except
// error: Type '"dokcer"' is not assignable to type '"aws" | "docker" | "vm"'. Did you mean '"docker"'?
defineImage({ name: 'cow', builders, provisioners: [shell({ inline: [], only: ['dokcer'] })] })
// error: Type '"dokcer"' is not assignable to type '"aws" | "docker" | "vm"'. Did you mean '"docker"'?
defineImage({ name: 'cow', builders, provisioners: [shell({ inline: [], except: ['dokcer'] })] })
// error: Type '"dokcer"' is not assignable to type '"aws" | "docker" | "vm"'. Did you mean '"docker"'?
defineImage({ name: 'cow', builders, errorCleanup: [shell({ inline: [], only: ['dokcer'] })] })
// error: this image has no builder 'dokcer'
defineImage({ name: 'cow', builders, postProcessors: [compress({ output: 'x', only: ['dokcer'] })] })
// error: this image has no builder 'dokcer'
defineImage({ name: 'cow', builders, postProcessors: [manifest({ except: ['dokcer'] })] })
// error: is not assignable to type 'undefined'
shell({ inline: [], only: ['aws'], except: ['vm'] })

// a post-processor must take what its builder makes
// error: post-processor cannot take what builder 'docker' makes; add only: [...]
defineImage({ name: 'cow', builders, postProcessors: [compress({ output: 'x', only: ['docker'] })] })
// error: post-processor cannot take what builder 'aws' makes; add only: [...]
defineImage({ name: 'cow', builders, postProcessors: [compress({ output: 'x', except: ['docker'] })] })
// error: post-processor cannot take what builder 'aws' makes; add only: [...]
defineImage({ name: 'cow', builders, postProcessors: [dockerTag({ repository: 'x' })] })
// error: post-processor cannot take what builder 'vm' makes; add only: [...]
defineImage({ name: 'cow', builders, postProcessors: [[dockerTag({ repository: 'x', except: ['aws'] }), dockerSave({ path: 'x.tar' })]] })

// each of a chain must take what the one before it makes
// error: a post-processor in this chain cannot take what the one before it makes
defineImage({ name: 'cow', builders, postProcessors: [[dockerTag({ repository: 'x', only: ['docker'] }), compress({ output: 'x' })]] })
// error: a post-processor in this chain cannot take what the one before it makes
defineImage({ name: 'cow', builders, postProcessors: [[manifest(), compress({ output: 'x' }), dockerSave({ path: 'x' })]] })
// error: only and except belong on the first post-processor of a chain
defineImage({ name: 'cow', builders, postProcessors: [[manifest(), compress({ output: 'x', only: ['vm'] })]] })

// a post-processor that hands on what it got
defineImage({
  name: 'cow',
  builders,
  postProcessors: [
    [
      shellLocal({ inline: ['x'], only: ['docker'] }),
      dockerTag({ repository: 'x' }),
      shellLocal({ inline: ['x'] }),
      dockerSave({ path: 'x' }),
    ],
    [shellLocal({ inline: ['x'], only: ['vm'] }), shellLocal({ inline: ['x'] }), compress({ output: 'x' })],
  ],
})
// error: a post-processor in this chain cannot take what the one before it makes
defineImage({ name: 'cow', builders, postProcessors: [[shellLocal({ inline: ['x'], only: ['docker', 'vm'] }), compress({ output: 'x' })]] })

// retention
defineImage({ name: 'cow', builders, retain: { last: 5, only: ['aws', 'docker'] } })
// error: Type '"dokcer"' is not assignable to type '"aws" | "docker" | "vm"'
defineImage({ name: 'cow', builders, retain: { last: 5, only: ['dokcer'] } })
// error: Type '{}' is not assignable to type
defineImage({ name: 'cow', builders, retain: {} })

// references and results
docker({ image: artifactOf(cow, 'docker') })
// error: is not assignable to parameter of type '"aws" | "docker" | "vm"'
artifactOf(cow, 'dokcer')
// error: not assignable to type
docker({ image: artifactOf(cow, 'aws') })
// error: Type '"dokcer"' is not assignable to type '"aws" | "docker" | "vm"'. Did you mean '"docker"'?
await build(cow, { only: ['dokcer'] })
// error: Property 'docker' does not exist
export const none: unknown = (await build(cow, { only: ['aws'] })).docker

// a builder that may not be there makes an artifact that may not be there
declare const wanted: boolean
const maybe = defineImage({ name: 'cow', builders: { vm: builders.vm, ...(wanted && { docker: builders.docker }) } })
export const sure: FilesArtifact = (await build(maybe)).vm
export const perhaps: DockerImageArtifact | undefined = (await build(maybe)).docker
// error: is not assignable to type 'DockerImageArtifact'
export const notSure: DockerImageArtifact = (await build(maybe)).docker

// names that come from data are checked at run time where the record of builders does
declare const data: Record<string, Builder<FilesArtifact>>
declare const names: string[]
export const dynamic: Image = defineImage({
  name: 'cow',
  builders: data,
  provisioners: [shell({ inline: [], only: names })],
  postProcessors: [compress({ output: 'x', only: names })],
})

// a step of a machine may end the connection to it; a post-processor has no machine
shell({ inline: ['reboot'], expectDisconnect: true })
// error: 'expectDisconnect' does not exist in type 'PostProcessorOptions'
void ({ expectDisconnect: true } satisfies PostProcessorOptions)
