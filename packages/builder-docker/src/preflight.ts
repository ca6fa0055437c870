import type { Issue, PreflightContext } from '@imago/core'
import { connectEngine } from '@imago/docker-engine'

import type { DockerOptions } from './docker-options.ts'
import type { DockerResult } from './docker-result.ts'

/** Whether an engine answers, and has the image where it may not be pulled. */
export async function preflight(options: DockerOptions<DockerResult>, ctx: PreflightContext): Promise<readonly Issue[]> {
  const { image, pull } = options
  const engine = await connectEngine(options.engine, ctx)
  try {
    if (typeof image !== 'string' || pull !== 'never') return []
    if ((await engine.images.inspect(image, ctx)) !== undefined) return []
    return [{ path: ['image'], message: `the engine at ${engine.endpoint} has no image '${image}'`, hint: "leave out pull: 'never'" }]
  } finally {
    engine.close()
  }
}
