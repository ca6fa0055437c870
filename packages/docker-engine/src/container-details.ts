import type { ContainerDetails } from './containers.ts'
import type { EngineApi } from './engine-api.ts'
import { orUndefined } from './engine-error.ts'
import type { CallOptions } from './engine.ts'

interface ApiContainer {
  readonly Id: string
  readonly State: { readonly Running: boolean; readonly ExitCode?: number; readonly OOMKilled?: boolean; readonly Error?: string }
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string }>> | null
  }
}

/** What is known of a container; `undefined` when there is none. */
export async function inspectContainer(api: EngineApi, container: string, { signal }: CallOptions): Promise<ContainerDetails | undefined> {
  const call = { signal, doing: `inspect container ${container}`, method: 'GET', path: `/containers/${container}/json` } as const
  const found = await orUndefined('MACHINE_LOST', api.json<ApiContainer>(call))
  if (found === undefined) return undefined
  const { Running, ExitCode = 0, OOMKilled = false, Error: error = '' } = found.State
  const addresses = Object.values(found.NetworkSettings?.Networks ?? {}).flatMap(({ IPAddress = '' }) =>
    IPAddress === '' ? [] : [IPAddress],
  )
  return { id: found.Id, running: Running, exitCode: ExitCode, outOfMemory: OOMKilled, error, address: addresses[0] ?? '' }
}
