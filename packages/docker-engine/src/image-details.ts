import type { ImageConfig, ImageDetails } from './images.ts'

/** A configuration as the API writes it. */
export interface ApiConfig {
  readonly Cmd?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly Env?: readonly string[] | null
  readonly User?: string
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  readonly Volumes?: Readonly<Record<string, object>> | null
}

/** An image as the API describes it. */
export interface ApiImage {
  readonly Id: string
  readonly RepoTags?: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
  readonly Size: number
  readonly Os: string
  readonly Architecture: string
  readonly Config?: ApiConfig | null
  readonly RootFS?: { readonly Layers?: readonly string[] | null }
}

/** An image in our own words. */
export function imageDetails(image: ApiImage): ImageDetails {
  return {
    id: image.Id.startsWith('sha256:') ? image.Id : `sha256:${image.Id}`,
    tags: (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    digests: (image.RepoDigests ?? []).filter((digest) => !digest.startsWith('<none>@')),
    size: image.Size,
    os: image.Os,
    architecture: image.Architecture,
    config: imageConfig(image.Config ?? {}),
    layers: image.RootFS?.Layers ?? [],
  }
}

function imageConfig(config: ApiConfig): ImageConfig {
  const { Cmd: cmd, Entrypoint: entrypoint, Env: env, User: user = '', WorkingDir: workdir = '', Labels: labels } = config
  return {
    ...(cmd && { cmd }),
    ...(entrypoint && { entrypoint }),
    ...(env && { env }),
    ...(user !== '' && { user }),
    ...(workdir !== '' && { workdir }),
    ...(labels && { labels }),
    ...(config.ExposedPorts && { exposedPorts: Object.keys(config.ExposedPorts) }),
    ...(config.Volumes && { volumes: Object.keys(config.Volumes) }),
  }
}

/**
 * Cmd and Entrypoint of a container that runs `command` as its main process. A commit fills in the container's own where the new image
 * has none: so the command stands where the image already has something, else as the entrypoint, which can be emptied.
 */
export function mainProcess(image: ApiConfig, command: readonly string[]): ApiConfig {
  return runsByCmd(image) ? { Cmd: command } : { Entrypoint: command, Cmd: [] }
}

function runsByCmd({ Cmd, Entrypoint }: ApiConfig): boolean {
  return (Entrypoint ?? []).length === 0 && (Cmd ?? []).length > 0
}

/**
 * A configuration with changes, for a commit of a container with the {@link mainProcess}: environment, labels, ports and volumes are
 * added, the rest takes the place of what is there. A new entrypoint drops the old command, as it does in a Dockerfile.
 */
export function mergeConfig(base: ApiConfig, changes: ImageConfig): ApiConfig {
  const { cmd, entrypoint, env, user, workdir, labels, exposedPorts, volumes } = changes
  return {
    ...base,
    Cmd: cmd ?? (entrypoint === undefined ? base.Cmd : undefined) ?? null,
    Entrypoint: entrypoint ?? base.Entrypoint ?? (runsByCmd(base) ? null : []),
    ...(env !== undefined && { Env: mergeEnv(base.Env ?? [], env) }),
    ...(user !== undefined && { User: user }),
    ...(workdir !== undefined && { WorkingDir: workdir }),
    ...(labels !== undefined && { Labels: { ...base.Labels, ...labels } }),
    ...(exposedPorts !== undefined && { ExposedPorts: { ...base.ExposedPorts, ...asSet(exposedPorts) } }),
    ...(volumes !== undefined && { Volumes: { ...base.Volumes, ...asSet(volumes) } }),
  }
}

function mergeEnv(base: readonly string[], changes: readonly string[]): string[] {
  const entries = [...base, ...changes].map((entry) => [entry.slice(0, entry.indexOf('=')), entry] as const)
  return [...new Map(entries).values()]
}

function asSet(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]))
}
