import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

import type { BuildContext, StepContext } from '@imago/core'
import { fileSystemError, reveal } from '@imago/core'
import type { RegistryCredentials } from '@imago/container-registry'
import { parseImageReference, registryCredentials } from '@imago/container-registry'
import type { Engine } from '@imago/docker-engine'

import type { DockerfileOptions, DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { dockerfileContext } from './dockerfile-context.ts'

/** Builds the image of a Dockerfile with the engine's own builder; answers with its id. */
export async function buildDockerfile(
  engine: Engine,
  dockerfile: DockerfileOptions,
  { platform, pull }: DockerOptions<DockerResult>,
  ctx: BuildContext,
  step: StepContext,
): Promise<string> {
  const path = resolve(ctx.directory, dockerfile.path)
  const folder = resolve(ctx.directory, dockerfile.context ?? dirname(dockerfile.path))
  const { target, args } = dockerfile
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileSystemError(error, `cannot read '${path}'`)
  })
  const logins = await loginsFor(registriesOf(text), ctx, step.signal)
  const context = await dockerfileContext(path, folder, step.signal)
  return await engine.images.build({
    signal: step.signal,
    context: context.archive,
    dockerfile: context.dockerfile,
    logins,
    pull: pull === 'always',
    ...(target !== undefined && { target }),
    ...(args !== undefined && { args }),
    ...(platform !== undefined && { platform }),
    onOutput: (output) => step.output('stdout', Buffer.from(output)),
  })
}

/** The registries that a Dockerfile's images come from. Names that an `ARG` completes are not looked at. */
export function registriesOf(dockerfile: string): readonly string[] {
  const lines = [...dockerfile.matchAll(/^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?/gim)]
  const stages = new Set(lines.map(([, , stage]) => stage?.toLowerCase()))
  const images = lines.flatMap(([, image = '']) =>
    image === 'scratch' || image.includes('$') || stages.has(image.toLowerCase()) ? [] : [image],
  )
  return [...new Set(images.flatMap(registryOf))]
}

/** The registry of an image; none of what is no image's name, of which the engine says so, or which is part of another instruction. */
function registryOf(image: string): readonly string[] {
  try {
    return [parseImageReference(image).registry]
  } catch {
    return []
  }
}

async function loginsFor(
  registries: readonly string[],
  ctx: BuildContext,
  signal: AbortSignal,
): Promise<Record<string, RegistryCredentials>> {
  const logins: Record<string, RegistryCredentials> = {}
  for (const registry of registries) {
    const login = await registryCredentials(registry, { signal })
    if (login === undefined) continue
    ctx.maskSecret(reveal('password' in login ? login.password : login.identityToken))
    logins[registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry] = login
  }
  return logins
}
