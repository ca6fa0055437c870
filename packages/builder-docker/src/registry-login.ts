import type { RegistryCredentials } from '@imago/container-registry'
import { helperCredentials, parseImageReference, registryCredentials } from '@imago/container-registry'

import type { DockerOptions } from './docker-options.ts'

/** The login to an image's registry: what the options say, else what `docker login` left; `undefined` when there is none. */
export async function registryLogin(
  image: string,
  login: DockerOptions['login'],
  ctx: Parameters<typeof helperCredentials>[2],
): Promise<RegistryCredentials | undefined> {
  const { registry } = parseImageReference(image)
  if (login === undefined) return await registryCredentials(registry, { signal: ctx.signal })
  return login.helper === undefined ? login : await helperCredentials(login, registry, ctx)
}
