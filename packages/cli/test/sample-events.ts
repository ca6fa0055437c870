import type { BuildEvent, BuildReport, Report, StepRef } from '@imago/core'

/** An event without what all have in common. */
export type Said = BuildEvent extends infer E ? (E extends BuildEvent ? Omit<E, 'runId' | 'time' | 'image' | 'build'> : never) : never

/** The day on which the samples happen. */
export const day = '2026-01-02T03:04:00.000Z'

/** An event of the build `docker` of the image `hello`, so many milliseconds after {@link day} began. */
export function event(
  said: Said,
  { build = 'docker', image = 'hello', at = 0 }: { build?: string; image?: string; at?: number } = {},
): BuildEvent {
  const time = new Date(Date.parse(day) + at).toISOString()
  const inBuild = said.type === 'run-started' || said.type === 'run-finished' ? {} : { image, build }
  return { runId: 'run00001', time, ...inBuild, ...said } as BuildEvent // put together again
}

/** A run of builds of the image `hello` begins. */
export function runStarted(...builds: readonly string[]): BuildEvent {
  return event({ type: 'run-started', builds: builds.map((build) => ({ image: 'hello', build, builderType: 'fake' })) })
}

/** A provisioner. */
export function step(index = 0, title = 'apt-get update'): StepRef {
  return { id: `provisioners[${index}]`, kind: 'provisioner', type: 'shell', title }
}

/** How a build of the image `hello` went. */
export function buildReport(said: Partial<BuildReport> = {}): BuildReport {
  return { image: 'hello', build: 'docker', builderType: 'fake', status: 'succeeded', durationMs: 1200, artifacts: [], steps: [], ...said }
}

/** How a run went. */
export function report(builds: readonly BuildReport[], said: Partial<Report> = {}): Report {
  const status = builds.find((build) => build.status !== 'succeeded')?.status ?? 'succeeded'
  return { runId: 'run00001', status, startedAt: day, durationMs: 2500, builds, left: [], ...said }
}
