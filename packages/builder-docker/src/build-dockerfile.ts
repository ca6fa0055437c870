import type { BuildContext, StepContext } from '@imago/core'
import { reveal } from '@imago/core'
import type { RegistryCredentials } from '@imago/container-registry'
import { parseImageReference, registryCredentials } from '@imago/container-registry'
import type { Engine } from '@imago/docker-engine'

import type { DockerfileOptions, DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'
import { dockerfileContext } from './dockerfile-context.ts'
import { dockerfileImages } from './dockerfile-images.ts'
import { contextDigest, dockerfileIdentity, readDockerfile } from './dockerfile-start.ts'

/** An image that was built from a Dockerfile. */
export interface BuiltImage {
  readonly id: string
  /** What it was built from, where that is all known; then the same makes the same image. */
  readonly identity?: object
}

/** Builds the image of a Dockerfile with the engine's own builder. */
export async function buildDockerfile(
  engine: Engine,
  dockerfile: DockerfileOptions,
  options: DockerOptions<DockerResult>,
  ctx: BuildContext,
  step: StepContext,
): Promise<BuiltImage> {
  const { platform, pull } = options
  const { target, args } = dockerfile
  const { signal } = step
  const local = await readDockerfile(dockerfile, ctx.directory)
  const logins = await loginsFor(registriesOf(local.text), ctx, signal)
  const context = await contextDigest(local, signal)
  const { archive, dockerfile: name } = await dockerfileContext(local.path, local.folder, { signal })
  const id = await engine.images.build({
    signal,
    context: archive,
    dockerfile: name,
    logins,
    pull: pull === 'always',
    ...(target !== undefined && { target }),
    ...(args !== undefined && { args }),
    ...(platform !== undefined && { platform }),
    onOutput: (output) => step.output('stdout', Buffer.from(output)),
  })
  if ((await contextDigest(local, signal)) !== context) return { id } // files were changed meanwhile: nobody knows which were built
  const identity = await dockerfileIdentity(engine, { text: local.text, context }, options, signal)
  return { id, ...(identity && { identity }) }
}

/** The registries that a Dockerfile's images come from. Names that an `ARG` completes are not looked at. */
export function registriesOf(dockerfile: string): readonly string[] {
  return [...new Set(dockerfileImages(dockerfile).names.flatMap(registryOf))]
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
