import type { ContainerConfig } from '@imago/container-registry'
import type { BuildContext, DockerImageArtifact } from '@imago/core'
import { ImagoError } from '@imago/core'
import type { ImageConfig } from '@imago/docker-engine'

import { originLabels } from './artifact-labels.ts'
import type { ProvisionedContainer } from './build-container.ts'
import type { CommitResult, DockerArtifact, DockerResult } from './docker-result.ts'
import { exportRootfs } from './export-rootfs.ts'
import { hiddenLabels } from './hidden-labels.ts'
import { isIdle } from './is-idle.ts'

/** Makes the artifact from the container. */
export async function takeResult(
  provisioned: ProvisionedContainer,
  result: DockerResult,
  ctx: BuildContext,
): Promise<DockerArtifact<DockerResult>> {
  const { container, start } = provisioned
  if (result.type === 'discard') return { type: 'discarded', id: container.id }
  if (result.type === 'export') {
    return await ctx.step('export', `export to ${result.path}`, (step) => exportRootfs(container, start, result, ctx, step))
  }
  const title = `commit ${result.repository ?? 'the image'}`
  return await ctx.step('commit', title, ({ signal }) => commit(provisioned, result, ctx, signal))
}

async function commit(
  { container, machine, start }: ProvisionedContainer,
  result: CommitResult,
  ctx: BuildContext,
  signal: AbortSignal,
): Promise<DockerImageArtifact> {
  const { engine, name } = container
  const { repository, tag, author, message, changes, config = {} } = result
  const origin = originLabels({
    image: ctx.image,
    build: ctx.build,
    runId: ctx.runId,
    madeAt: new Date().toISOString(),
    name: repository === undefined ? '' : `${repository}:${tag ?? 'latest'}`,
    history: (await engine.images.history(start.snapshot ?? start.details.id, { signal })).length + 1,
  })
  const idle = await isIdle(container, machine, signal)
  await machine[Symbol.asyncDispose]()
  const ended = engine.containers.kill(name, { signal }) // it takes as long as the image does, and would have to be waited for afterwards
  if (!idle) await ended
  const making = engine.containers.commit(name, {
    signal,
    base: start.details.id,
    pause: false,
    config: imageConfig(config, { ...hiddenLabels(start, ctx), ...config.labels, ...origin }),
    ...(repository !== undefined && { name: { repository, ...(tag !== undefined && { tag }) } }),
    ...(author !== undefined && { author }),
    ...(message !== undefined && { message }),
    ...(changes !== undefined && { changes }),
  })
  const [id] = await Promise.all([making, ended])
  const details = await engine.images.inspect(id, { signal })
  if (details === undefined)
    throw new ImagoError('PROVIDER_FAILED', `the engine at ${engine.endpoint} made image ${id}, but does not have it`)
  const { tags, digests, size } = details
  return { type: 'docker-image', id, imageId: id, size, tags, digests, engine: engine.endpoint }
}

function imageConfig(config: ContainerConfig, labels: Readonly<Record<string, string>>): ImageConfig {
  const { env, exposedPorts, labels: _, ...rest } = config
  return {
    ...rest,
    ...(env !== undefined && { env: Object.entries(env).map(([name, value]) => `${name}=${value}`) }),
    ...(exposedPorts !== undefined && {
      exposedPorts: exposedPorts.map((port) => (/\//.test(String(port)) ? String(port) : `${port}/tcp`)),
    }),
    labels,
  }
}
