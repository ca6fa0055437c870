import type { Artifact, SameArtifact } from './artifact.ts'
import type { Builder, PostProcessor } from './component.ts'

/*
 * The types that check an image definition's wiring. A misfit turns the parameter's type into a sentence, which the compiler then
 * prints: "is not assignable to type 'post-processor cannot take what builder 'docker' makes; …'".
 */

/** The builders of an image by name; the names are those of its builds. */
export type Builders = Readonly<Record<string, Builder>>
/** The names of an image's builds. */
export type BuildName<B> = Extract<keyof B, string>
/** What a builder makes. */
export type ArtifactOf<B> = B extends Builder<infer A> ? A : never

/** A post-processor of any types. */
type AnyPostProcessor = PostProcessor<never, Artifact, string, string>
/** One post-processor, or several of which each takes what the one before it makes. */
export type Chain = AnyPostProcessor | readonly AnyPostProcessor[]

type Parts<P> =
  P extends PostProcessor<infer In, infer Out, infer Only, infer Except> ? { in: In; out: Out; only: Only; except: Except } : never
type Head<C> = C extends readonly [infer H, ...unknown[]] ? H : C extends readonly (infer Each)[] ? Each : C

/** The builds that a step with these names in `only` and `except` applies to. */
type Selected<B extends Builders, P> = [Parts<P>['only']] extends [never]
  ? Exclude<BuildName<B>, Parts<P>['except']>
  : Extract<BuildName<B>, Parts<P>['only']>

/** Names that are no builds of the image. Names that come from data (`string`) are checked at run time. */
type UnknownName<B extends Builders, P, Names = Parts<P>['only'] | Parts<P>['except']> = string extends Names
  ? never
  : Exclude<Names, BuildName<B>>

type Misfit<B extends Builders, P, N extends string = Selected<B, P>> = { [K in N]: ArtifactOf<B[K]> extends Parts<P>['in'] ? never : K }[N]

type CheckNames<B extends Builders, C> = [UnknownName<B, Head<C>>] extends [never]
  ? CheckFit<B, C>
  : `this image has no builder '${UnknownName<B, Head<C>> & string}'`

type CheckFit<B extends Builders, C> = [Misfit<B, Head<C>>] extends [never]
  ? unknown
  : `post-processor cannot take what builder '${Misfit<B, Head<C>> & string}' makes; add only: [...]`

/** What the next post-processor gets, when `P` got `Got`. */
type Made<P, Got> = [Parts<P>['out']] extends [SameArtifact] ? Got : Parts<P>['out']

type CheckLinks<C, Got> = C extends readonly [infer A, infer Next, ...infer Rest]
  ? [Parts<Next>['only'] | Parts<Next>['except']] extends [never]
    ? Made<A, Got> extends Parts<Next>['in']
      ? CheckLinks<readonly [Next, ...Rest], Made<A, Got>>
      : 'a post-processor in this chain cannot take what the one before it makes'
    : 'only and except belong on the first post-processor of a chain'
  : unknown

/** Each chain, with a sentence in the place of what does not fit. */
export type CheckedChains<B extends Builders, P extends readonly Chain[]> = {
  [I in keyof P]: CheckNames<B, P[I]> & CheckLinks<P[I], ArtifactOf<B[Selected<B, Head<P[I]>>]>> & P[I]
}
