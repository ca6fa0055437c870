import type { EngineApi } from './engine-api.ts'
import type { CallOptions } from './engine.ts'
import { readFrames } from './frames.ts'

/** What the main process of a container has printed so far. */
export async function containerLogs(api: EngineApi, container: string, { signal }: CallOptions): Promise<string> {
  const query = { stdout: true, stderr: true }
  const doing = `read the output of container ${container}`
  const stream = await api.stream({ signal, doing, method: 'GET', path: `/containers/${container}/logs`, query })
  const chunks: Uint8Array[] = []
  await readFrames(stream, (_, chunk) => chunks.push(Uint8Array.from(chunk)))
  return Buffer.concat(chunks).toString()
}
