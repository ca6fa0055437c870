import type { BuildContext, SaveSnapshot, Snapshot, Snapshots } from '@imago/core'
import type { Engine } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'

import type { ProvisionedContainer } from './build-container.ts'
import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { hiddenLabels } from './hidden-labels.ts'
import { isIdle } from './is-idle.ts'
import type { StartImage } from './start-image.ts'

/** Snapshots are images of this repository in the engine's store, and their keys are the tags. */
const repository = 'imago-cache'

/** The name of a snapshot in its engine. */
function snapshotName(key: string): string {
  return `${repository}:${key}`
}

/** The snapshots of containers, in the engines that they were made in. */
export const dockerSnapshots: Snapshots = {
  besideResult: true, // one image takes as long as two at a time
  has: async (snapshot, { signal }) =>
    await inEngineOf(
      snapshot,
      signal,
      async (engine) => (await engine.images.inspect(snapshotName(snapshot.key), { signal })) !== undefined,
    ),
  remove: async (snapshot, { signal }) =>
    await inEngineOf(snapshot, signal, async (engine) => await engine.images.remove(snapshotName(snapshot.key), { signal })),
}

async function inEngineOf<T>({ data }: Snapshot, signal: AbortSignal, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await connectEngine(typeof data['endpoint'] === 'string' ? { host: data['endpoint'] } : {}, { signal })
  try {
    return await work(engine)
  } finally {
    engine.close()
  }
}

/**
 * What determines a container before its first step. `undefined` where an image cannot hold all that steps may change: in volumes and
 * memory file systems.
 */
export function startIdentity(
  engine: Engine,
  { image, volumes = [] }: { readonly image: string | object; readonly volumes?: readonly string[] | undefined },
  options: DockerOptions<DockerResult>,
): object | undefined {
  const { platform, network, privileged, capabilities, devices, hostname, init, extraHosts, memory, user, workdir, env, shell } = options
  if ([options.volumes, options.tmpfs, volumes].some((places) => places !== undefined && places.length > 0)) return undefined
  const run = { platform, network, privileged, capabilities, devices, hostname, init, extraHosts, memory, user, workdir, env, shell }
  return { image, engine: engine.endpoint, run }
}

/** The start, or the latest snapshot of it that stands for the first steps. */
export async function latestStart(
  engine: Engine,
  start: StartImage,
  options: DockerOptions<DockerResult>,
  ctx: BuildContext,
): Promise<StartImage> {
  const { id, config } = start.details
  const identity = startIdentity(engine, { image: start.identity ?? id, volumes: config.volumes }, options)
  if (identity === undefined) return start
  const key = await ctx.findSnapshot(identity)
  return key === undefined ? start : { ...start, snapshot: snapshotName(key) }
}

/** Makes snapshots of a container. */
export function snapshotSaver({ container, machine, start }: ProvisionedContainer, ctx: BuildContext): SaveSnapshot {
  const { engine, name } = container
  return async (key, signal) => {
    const id = await engine.containers.commit(name, {
      signal,
      pause: !(await isIdle(container, machine, signal)),
      base: start.details.id,
      name: { repository, tag: key },
      config: { labels: hiddenLabels(start, ctx) },
    })
    const details = await engine.images.inspect(id, { signal })
    return { bytes: Math.max(0, (details?.size ?? 0) - start.details.size), data: { endpoint: engine.endpoint } }
  }
}
