import type { ContainerSpec } from './containers.ts'
import type { ApiConfig } from './image-details.ts'

/** What the API takes to create a container with this main process. */
export function createBody(spec: ContainerSpec, process: ApiConfig): object {
  const { image, labels, user, hostname, openStdin = false } = spec
  return {
    ...process,
    Image: image,
    OpenStdin: openStdin,
    ...(labels !== undefined && { Labels: labels }),
    ...(user !== undefined && { User: user }),
    ...(hostname !== undefined && { Hostname: hostname }),
    HostConfig: hostConfig(spec),
  }
}

function hostConfig(spec: ContainerSpec): object {
  const { volumes, network, privileged, securityOptions, capabilities, tmpfs, extraHosts, devices, memory, init, runtime } = spec
  return {
    ...(volumes !== undefined && { Binds: volumes }),
    ...(network !== undefined && { NetworkMode: network }),
    ...(privileged !== undefined && { Privileged: privileged }),
    ...(securityOptions !== undefined && { SecurityOpt: securityOptions }),
    ...(capabilities?.add !== undefined && { CapAdd: capabilities.add }),
    ...(capabilities?.drop !== undefined && { CapDrop: capabilities.drop }),
    ...(tmpfs !== undefined && { Tmpfs: tmpfs }),
    ...(extraHosts !== undefined && { ExtraHosts: extraHosts }),
    ...(devices !== undefined && { Devices: devices.map(deviceMapping) }),
    ...(memory !== undefined && { Memory: memory }),
    ...(init !== undefined && { Init: init }),
    ...(runtime !== undefined && { Runtime: runtime }),
  }
}

function deviceMapping(device: string): object {
  const [host = '', container = host, permissions = 'rwm'] = device.split(':')
  return { PathOnHost: host, PathInContainer: container, CgroupPermissions: permissions }
}
