import type { DoctorCheck, FoundResource, Plugin } from '@imago/core'
import { errorToJson, isImagoError } from '@imago/core'
import type { ListedContainer } from '@imago/docker-engine'
import { connectEngine } from '@imago/docker-engine'

import { dockerContainer } from './container-resource.ts'
import { dockerSnapshots } from './snapshots.ts'

/** What `imago sweep` and `imago doctor` need to know of this package. */
export const plugin: Plugin = {
  name: '@imago/builder-docker',
  resourceKinds: [dockerContainer],
  find,
  snapshots: { docker: dockerSnapshots },
  doctor,
}

/** Looks for containers of runs in the engine that builds use when they name none. */
async function find(signal: AbortSignal): Promise<readonly FoundResource[]> {
  const engine = await connectEngine({}, { signal }).catch((error: unknown) => {
    if (isImagoError(error, 'PROVIDER_UNAVAILABLE') || isImagoError(error, 'USAGE')) return undefined
    throw error
  })
  if (engine === undefined) return []
  try {
    const listed = await engine.containers.list({ 'imago.run': undefined, 'imago.owner': undefined }, { signal })
    return listed.flatMap((container) => foundResource(container, engine.endpoint))
  } finally {
    engine.close()
  }
}

/** A container with our labels and a name of ours. Labels alone prove nothing: containers inherit those of their images. */
function foundResource({ id, name, labels }: ListedContainer, endpoint: string): FoundResource[] {
  const { 'imago.run': runId = '', 'imago.owner': owner = '', 'imago.image': image = '', 'imago.build': build = '' } = labels
  if (runId === '' || owner === '' || !name.startsWith(`imago-${runId}-`)) return []
  const { kind, package: packageName } = dockerContainer
  return [{ owner, record: { runId, image, build, kind, package: packageName, name, id, data: { endpoint } } }]
}

async function doctor(signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  const name = 'Docker engine'
  try {
    const engine = await connectEngine({}, { signal })
    const { name: product, version, os, architecture } = await engine.version({ signal }).finally(() => engine.close())
    return [{ name, status: 'ok', detail: `${product} ${version} at ${engine.endpoint}, ${os}/${architecture}` }]
  } catch (error) {
    const { message, hint } = errorToJson(error)
    return [{ name, status: 'missing', detail: message, ...(hint !== undefined && { hint }) }]
  }
}
