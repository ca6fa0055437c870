import type { ApiConfig } from './image-details.ts'

/**
 * Cmd and Entrypoint of a container that runs `command` as its main process. Podman's commit keeps the container's where a change does
 * not replace them, and cannot empty them: so the command stands where the image has something to put back.
 */
export function podmanProcess(image: ApiConfig, command: readonly string[]): ApiConfig {
  return (image.Entrypoint ?? []).length > 0 ? { Entrypoint: command, Cmd: [] } : { Cmd: command }
}

/**
 * A configuration as changes for Podman's commit, which takes no other. An image with neither entrypoint nor command gets a shell as
 * its command, because the container's own must not stay.
 */
export function podmanChanges(config: ApiConfig): readonly string[] {
  const { Entrypoint, Cmd, Env, User, WorkingDir, Labels, ExposedPorts, Volumes } = config
  const entrypoint = Entrypoint ?? []
  const cmd = Cmd ?? []
  return [
    ...(entrypoint.length > 0 ? [`ENTRYPOINT ${JSON.stringify(entrypoint)}`] : []),
    ...(cmd.length > 0 ? [`CMD ${JSON.stringify(cmd)}`] : []),
    ...(entrypoint.length === 0 && cmd.length === 0 ? ['CMD ["/bin/sh"]'] : []),
    ...(Env ?? []).map((entry) => `ENV ${entry}`),
    ...(User === undefined || User === '' ? [] : [`USER ${User}`]),
    ...(WorkingDir === undefined || WorkingDir === '' ? [] : [`WORKDIR ${WorkingDir}`]),
    ...Object.entries(Labels ?? {}).map(([name, value]) => `LABEL ${name}=${value}`),
    ...Object.keys(ExposedPorts ?? {}).map((port) => `EXPOSE ${port}`),
    ...Object.keys(Volumes ?? {}).map((path) => `VOLUME ${path}`),
  ]
}
