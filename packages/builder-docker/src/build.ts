import type { BuildContext } from '@imago/core'
import { isArtifactReference } from '@imago/core'
import type { EngineOptions } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'

import { ContainerCommunicator } from './container-communicator.ts'
import type { DockerOptions } from './docker-options.ts'
import type { DockerArtifact, DockerResult } from './docker-result.ts'
import { latestStart, snapshotSaver } from './snapshots.ts'
import { startContainer } from './start-container.ts'
import { startImage } from './start-image.ts'
import { startMaterial } from './start-material.ts'
import { takeResult } from './take-result.ts'

/** The build, from top to bottom. What it acquires is released by the run, however the build ends. */
export async function build(
  options: DockerOptions<DockerResult>,
  result: DockerResult,
  ctx: BuildContext,
): Promise<DockerArtifact<DockerResult>> {
  const engine = await connectEngine(engineOf(options, ctx), { signal: ctx.signal })
  try {
    const first = await startImage(engine, options, ctx)
    if (!isArtifactReference(options.image)) ctx.startsFrom(startMaterial(first, options))
    const start = await latestStart(engine, first, options, ctx)
    const container = await ctx.step('container', `start a container of ${start.name}`, () => startContainer(engine, start, options, ctx))
    await using machine = new ContainerCommunicator(container)
    const facts = {
      machineId: container.id,
      sourceImage: start.name,
      sourceImageId: start.details.id,
      user: container.user === '' ? 'root' : container.user,
    }
    await ctx.provision(machine, facts, snapshotSaver({ container, machine, start }, ctx))
    return await takeResult({ container, machine, start }, result, ctx)
  } finally {
    engine.close()
  }
}

/** The engine that the options name, or else the one that holds the other build's image. */
function engineOf({ engine, image }: DockerOptions<DockerResult>, ctx: BuildContext): EngineOptions {
  if (engine !== undefined) return engine
  return isArtifactReference(image) ? { host: ctx.artifact(image).engine } : {}
}
