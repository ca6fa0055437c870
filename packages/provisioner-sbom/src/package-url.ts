import type { InstalledPackage, OperatingSystem } from './installed-package.ts'

/**
 * A package's URL (https://github.com/package-url/purl-spec, types `deb`, `rpm` and `apk`).
 * @example packageUrl(bash, debian12) // 'pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12'
 */
export function packageUrl(
  { type, name, version, architecture, source }: InstalledPackage,
  { id, version: release }: OperatingSystem,
): string {
  const [epoch, rest] = type === 'rpm' && /^\d+:/.test(version) ? splitEpoch(version) : [undefined, version]
  const qualifiers = {
    arch: architecture,
    distro: release === undefined ? id : `${id}-${release}`,
    epoch,
    upstream: source,
  }
  const query = Object.entries(qualifiers).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [`${key}=${encode(value)}`],
  )
  return `pkg:${type}/${encode(id)}/${encode(name)}@${encode(rest)}?${query.join('&')}`
}

function splitEpoch(version: string): [epoch: string, rest: string] {
  const colon = version.indexOf(':')
  return [version.slice(0, colon), version.slice(colon + 1)]
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':')
}
