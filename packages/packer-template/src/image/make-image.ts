import type { Builder, Image, PostProcessor, Provisioner, Artifact } from '@imago/core'
import { defineImage, formatPath } from '@imago/core'

import { valueOf } from '../mapping/known.ts'
import type { Reports } from '../reports.ts'
import type { ImageModel, MappedComponent, ModelComponent } from './image-model.ts'
import { isMapped } from './image-model.ts'

type Checked = Pick<Builder, 'validate'>
type AnyProvisioner = Provisioner<string>
type AnyPostProcessor = PostProcessor<never, Artifact, string, string>

/** Makes the image definition through the factories. What has no counterpart is left out; options that are wrong are reported. */
export async function makeImage(model: ImageModel, reports: Reports): Promise<Image> {
  const builders = await Promise.all(
    mappedBuilds(model).map(async ({ name, component }) => [name, await make<Builder>(component, [], reports)] as const),
  )
  const builds = builders.map(([name]) => name)
  const steps = (list: ImageModel['provisioners']): Promise<AnyProvisioner>[] =>
    list.flatMap(({ variants }) =>
      variants.flatMap(({ builds: own, component }) => {
        const scope = scopeOf(own, builds)
        return isMapped(component) && scope !== undefined ? [make<AnyProvisioner>(component, scope, reports)] : []
      }),
    )
  const chains = model.chains.flatMap(({ variants }) =>
    variants.flatMap(({ builds: own, steps: all }) => {
      const scope = scopeOf(own, builds)
      const mapped = untilMissing(all)
      if (scope === undefined || mapped.length === 0) return []
      return [Promise.all(mapped.map((component, index) => make<AnyPostProcessor>(component, index === 0 ? scope : [], reports)))]
    }),
  )
  return defineImage({
    name: model.name,
    ...(model.description !== undefined && model.description.unless === undefined && { description: model.description.value }),
    builders: Object.fromEntries(builders),
    provisioners: await Promise.all(steps(model.provisioners)),
    errorCleanup: await Promise.all(steps(model.errorCleanup)),
    // names and wiring come from data: `validate` and every run check them
    postProcessors: (await Promise.all(chains)) as never,
    ...(model.secrets.length > 0 && { secrets: model.secrets.map(({ value }) => value) }),
  })
}

/** The builds that have a counterpart. */
export function mappedBuilds({ builds }: ImageModel): readonly { readonly name: string; readonly component: MappedComponent }[] {
  return builds.flatMap(({ name, component }) => (isMapped(component) ? [{ name, component }] : []))
}

/** The steps of a chain up to the first that has no counterpart: what comes after it would get something else. */
export function untilMissing(steps: readonly ModelComponent[]): readonly MappedComponent[] {
  const end = steps.findIndex((step) => !isMapped(step))
  return (end === -1 ? steps : steps.slice(0, end)).filter(isMapped)
}

/**
 * The builds to name in `only`: none for a step of all builds, or where there is no build that could be named; `undefined` when none of
 * its builds is there.
 */
export function scopeOf(own: readonly string[], all: readonly string[]): readonly string[] | undefined {
  const there = own.filter((name) => all.includes(name))
  if (there.length === all.length) return []
  return there.length === 0 ? undefined : there
}

async function make<T extends Checked>(component: MappedComponent, only: readonly string[], reports: Reports): Promise<T> {
  const factory = await component.table.load()
  const values = valueOf({ ...component.options, ...component.common })
  const made = factory({ ...(values as object), ...(only.length > 0 && { only }) }) as T // a factory makes what its kind of component is
  for (const { path, message, hint } of made.validate?.() ?? []) {
    reports.problem({ at: component.at, path: component.path }, path.length === 0 ? message : `${formatPath(path)} ${message}`, hint)
  }
  return made
}
