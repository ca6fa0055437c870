import type { ResourceKind } from '@imago/core'
import { isImagoError } from '@imago/core'
import { connectEngine } from '@imago/docker-engine'

/** What the journal keeps of a container, beside its name and id. */
export interface ContainerData {
  /** What `connectEngine({ host })` takes. */
  readonly endpoint: string
  readonly [member: string]: string
}

/** A container that a build works in. */
export const dockerContainer: ResourceKind<ContainerData> = {
  kind: 'docker-container',
  package: '@imago/builder-docker',
  async destroy({ id, name, data }, signal) {
    const engine = await connectEngine({ host: data.endpoint }, { signal })
    try {
      if (id !== undefined) await engine.containers.remove(id, { signal })
      // A creation whose answer was lost has a name only; and one that was tried twice has another id.
      await engine.containers.remove(name, { signal })
    } catch (error) {
      if (!isImagoError(error, 'MACHINE_LOST')) throw error
    } finally {
      engine.close()
    }
  },
}
