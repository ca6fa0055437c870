import { setTimeout as delay } from 'node:timers/promises'

import type { ResourceKind } from '@imago/core'
import { connectEngine } from '@imago/docker-engine'

/** What the journal keeps of a container, beside its name and id. */
export interface ContainerData {
  /** What `connectEngine({ host })` takes. */
  readonly endpoint: string
  readonly [member: string]: string
}

/** Milliseconds within which an engine makes a container that nobody waits for any more. */
const lostAnswerMs = 300

/** A container that a build works in. */
export const dockerContainer: ResourceKind<ContainerData> = {
  kind: 'docker-container',
  package: '@imago/builder-docker',
  async destroy({ id, name, data }, signal) {
    const engine = await connectEngine({ host: data.endpoint }, { signal })
    try {
      await engine.containers.remove(id ?? name, { signal })
      if (id !== undefined) return
      // The creation never answered: the engine may still be at it.
      await delay(lostAnswerMs, undefined, { signal })
      await engine.containers.remove(name, { signal })
    } finally {
      engine.close()
    }
  },
}
