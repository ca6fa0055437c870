import type { ContainerConfig, OciHistory, OciImageConfig, OciRunConfig, Platform } from '@imago/container-registry'

import type { LayerFile } from './layer-file.ts'

/** What a configuration is made of. */
export interface ImageConfigRequest {
  readonly base: OciImageConfig | undefined
  readonly platform: Platform
  readonly options: ContainerConfig & { readonly author?: string }
  /** All of the image's layers, the lowest first. Those of the base are in its history already. */
  readonly layers: readonly Pick<LayerFile, 'diffId'>[]
  /** Where the layers come from that the base's history does not tell of, the lowest first. */
  readonly newLayers: readonly string[]
  /** Seconds since 1970. */
  readonly epoch: number
}

/** An image's configuration. The same request gives the same bytes. */
export function imageConfig(request: ImageConfigRequest): OciImageConfig {
  const { base, platform, options, layers, epoch } = request
  const created = new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')
  const history: OciHistory[] = request.newLayers.map((what) => ({ created, created_by: `imago: ${what}` }))
  const author = options.author ?? base?.author
  return {
    created,
    ...(author !== undefined && { author }),
    architecture: platform.architecture,
    ...(platform.variant !== undefined && { variant: platform.variant }),
    os: platform.os,
    config: runConfig(base?.config ?? {}, options),
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: [...(base?.history ?? []), ...history],
  }
}

function runConfig(base: OciRunConfig, options: ContainerConfig): OciRunConfig {
  const cmd = options.cmd ?? (options.entrypoint === undefined ? base.Cmd : undefined)
  const merged: OciRunConfig = {
    ...base,
    User: options.user ?? base.User ?? null,
    ExposedPorts: namesOf(base.ExposedPorts, (options.exposedPorts ?? []).map(portName)),
    Env: environmentOf(base.Env, options.env ?? {}),
    Entrypoint: options.entrypoint ?? base.Entrypoint ?? null,
    Cmd: cmd ?? null,
    Volumes: namesOf(base.Volumes, options.volumes ?? []),
    WorkingDir: options.workdir ?? base.WorkingDir ?? null,
    Labels: labelsOf(base.Labels, options.labels ?? {}),
  }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => !isEmpty(value)))
}

/** A list of `NAME=value` with some of them set, in the order of the list. */
export function environmentOf(base: readonly string[] | null | undefined, set: Readonly<Record<string, string>>): string[] {
  const variables = new Map((base ?? []).map((variable) => [nameOf(variable), variable]))
  for (const [name, value] of Object.entries(set)) variables.set(name, `${name}=${value}`)
  return [...variables.values()]
}

/** The variables of a list of `NAME=value`, by name. */
export function variablesOf(list: readonly string[]): Record<string, string> {
  const pairs = list.filter((variable) => variable.includes('='))
  return Object.fromEntries(pairs.map((variable) => [nameOf(variable), variable.slice(variable.indexOf('=') + 1)]))
}

function nameOf(variable: string): string {
  return variable.split('=', 1)[0] ?? ''
}

function namesOf(base: OciRunConfig['Volumes'], added: readonly string[]): Record<string, object> {
  const names = new Set([...Object.keys(base ?? {}), ...added])
  return Object.fromEntries([...names].toSorted().map((name) => [name, {}]))
}

function labelsOf(base: OciRunConfig['Labels'], added: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...base, ...added }).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function portName(port: number | string): string {
  const text = String(port)
  return text.includes('/') ? text : `${text}/tcp`
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}
