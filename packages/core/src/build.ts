import type { Artifact } from './artifact.ts'
import type { ErrorJson } from './error.ts'
import { ImagoError } from './error.ts'
import type { Image } from './image.ts'
import type { Report } from './report.ts'
import type { RunOutcome } from './run.ts'
import { runBuilds } from './run.ts'
import type { RunOptions } from './run-options.ts'
import { qualifiedName } from './selection.ts'
import type { ArtifactOf, BuildName, Builders } from './wiring.ts'

/** What an image's builders make, by the builds' names; optional where the builder is (`...(condition && { aws })`). */
export type Artifacts<B extends Builders, N extends BuildName<B> = BuildName<B>> = {
  readonly [K in keyof Pick<B, N>]: ArtifactOf<B[K]>
}

/** Not everything was built; `report` tells how each build went. */
export class BuildError extends ImagoError {
  override readonly name: string = 'BuildError'
  readonly report: Report

  constructor(report: Report) {
    const failed = report.builds.filter((build) => build.status !== 'succeeded')
    const lines = failed.map((build) => `  ${build.image}.${build.build}: ${describe(build.error)}`)
    const cancelled = report.status === 'cancelled'
    super(
      cancelled ? 'CANCELLED' : 'BUILD_FAILED',
      `${failed.length} of ${report.builds.length} builds ${cancelled ? 'were cancelled' : 'failed'}:\n${lines.join('\n')}`,
      {
        hint: 'the report of this error tells how each build and step went',
      },
    )
    this.report = report
  }
}

function describe(error: ErrorJson | undefined): string {
  return error === undefined ? 'no error was reported' : `${error.message} (${error.code})`
}

/**
 * Builds an image, or several at once, and answers with what the builders made, in which nothing is masked.
 * @throws ImagoError `DEFINITION_INVALID` with every problem of the definitions; nothing has been started then.
 * @throws BuildError when a build failed or the run was cancelled.
 * @example const { docker } = await build(image, { only: ['docker'] })
 */
export async function build<const I extends readonly Image[]>(
  images: I,
  options?: RunOptions,
): Promise<{ readonly [K in keyof I]: I[K] extends Image<infer B> ? Artifacts<B> : never }>
export async function build<B extends Builders, const Only extends BuildName<B> = BuildName<B>, const Except extends BuildName<B> = never>(
  image: Image<B>,
  options?: RunOptions & { readonly only?: readonly Only[]; readonly except?: readonly Except[] },
): Promise<Artifacts<B, Exclude<Only, Except>>>
export async function build(images: Image | readonly Image[], options: RunOptions = {}): Promise<unknown> {
  const outcome = await runBuilds(images, options)
  if (outcome.report.status !== 'succeeded') throw new BuildError(outcome.report)
  return 'kind' in images ? artifactsOf(images, outcome) : images.map((image) => artifactsOf(image, outcome))
}

function artifactsOf(image: Image, { report, made }: RunOutcome): Record<string, Artifact | undefined> {
  const builds = report.builds.filter((build) => build.image === image.name)
  return Object.fromEntries(builds.map(({ build }) => [build, made.get(qualifiedName({ image, build }))]))
}
