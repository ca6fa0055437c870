import type { Artifact } from './artifact.ts'
import type { Builder, PostProcessor, Provisioner, Scope } from './component.ts'
import { listOf } from './one-or-many.ts'
import type { Secret } from './secret.ts'
import type { ArtifactOf, BuildName, Builders, Chain, CheckedChains } from './wiring.ts'

/** An image definition that has been put together by {@link defineImage}. */
export interface Image<B extends Builders = Builders> {
  readonly kind: 'image'
  readonly name: string
  readonly description?: string
  readonly builders: B
  readonly provisioners: readonly Provisioner<string>[]
  readonly errorCleanup: readonly Provisioner<string>[]
  readonly postProcessors: readonly (readonly PostProcessor<never, Artifact, string, string>[])[]
  readonly secrets?: readonly Secret[]
  readonly retain?: Retention & Scope
}

/** How many of the artifacts stay that runs of a build make. */
export interface Retention {
  /** So many of each build stay, the latest; the one that was just made is the first of them. 1 or more. */
  readonly last: number
}

/** What {@link defineImage} takes. */
export interface ImageDefinition<B extends Builders, P extends readonly Chain[]> {
  /** The image's name, in lower case letters, digits, `.`, `_` and `-`. */
  readonly name: string
  /** For people; the plan shows it. */
  readonly description?: string
  /** One builder for each build, by the build's name. */
  readonly builders: B
  /** Run in order on each build's machine. @default [] */
  readonly provisioners?: readonly Provisioner<NoInfer<BuildName<B>>>[]
  /** Run in order on the machine when a provisioner has failed, before the machine goes: to fetch logs, to give back a licence. @default [] */
  readonly errorCleanup?: readonly Provisioner<NoInfer<BuildName<B>>>[]
  /** Run on each build's artifact; chains are independent of each other and run at the same time. @default [] */
  readonly postProcessors?: P & CheckedChains<NoInfer<B>, P>
  /**
   * Values that are masked wherever they show up, beside the secrets in options: for those that are a part of a longer text, such as a
   * command. @default []
   */
  readonly secrets?: readonly Secret[]
  /**
   * Remove what earlier runs have made, but for the latest, after each build that succeeds: of the provider what only Imago made there, of
   * this machine files that are unchanged. For some builds with `only` or `except`. @default everything stays
   */
  readonly retain?: Retention & Scope<NoInfer<BuildName<B>>>
}

/**
 * Defines an image. Names in `only` and `except` and the wiring of post-processors are checked by the compiler; `validate` and
 * every run check the same again, for names that come from data.
 * @example
 * export default defineImage({
 *   name: 'hello',
 *   builders: { docker: docker({ image: 'debian:12' }) },
 *   provisioners: [shell({ inline: ['echo hello > /etc/motd'] })],
 * })
 */
export function defineImage<const B extends Builders, const P extends readonly Chain[] = readonly []>(
  definition: ImageDefinition<B, P>,
): Image<B> {
  const { name, description, builders, provisioners, errorCleanup, postProcessors, secrets, retain, ...unknown } = definition
  const chains = listOf<Chain>(postProcessors ?? []) // what is no list, in data, is for validation to report, and so is what is unknown
  return Object.freeze({
    ...unknown,
    kind: 'image',
    name,
    ...(description !== undefined && { description }),
    builders,
    provisioners: provisioners ?? [],
    errorCleanup: errorCleanup ?? [],
    postProcessors: chains.map((chain) => listOf(chain)),
    ...(secrets !== undefined && { secrets }),
    ...(retain !== undefined && { retain }),
  })
}

/** The promise of what a build of another image makes, to be used in a builder's options. */
export interface ArtifactReference<out A extends Artifact = Artifact> {
  readonly kind: 'artifact-reference'
  readonly image: Image
  readonly build: string
  /** What will be made; never a value. */
  readonly makes: Builder<A>['makes']
  /** Holds the type only. */
  readonly artifact?: A
}

/**
 * Refers to what a build of another image makes. The runner builds that one first.
 * @example docker({ image: artifactOf(base, 'docker') })
 */
export function artifactOf<B extends Builders, const N extends BuildName<B>>(
  image: Image<B>,
  build: N,
): ArtifactReference<ArtifactOf<B[N]>> {
  const makes = image.builders[build]?.makes ?? { type: 'unknown', files: false } // a name that comes from data; validation reports it
  return Object.freeze({ kind: 'artifact-reference', image, build, makes })
}

/** Whether a value is an {@link ArtifactReference}. */
export function isArtifactReference(value: unknown): value is ArtifactReference {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'artifact-reference'
}

/** Whether a value is an {@link Image}. */
export function isImage(value: unknown): value is Image {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'image' && 'builders' in value
}
