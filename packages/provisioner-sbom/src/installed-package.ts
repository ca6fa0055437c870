/** A package that a machine's package manager has installed. */
export interface InstalledPackage {
  /** Whose package it is; the type of its package URL. */
  readonly type: 'deb' | 'rpm' | 'apk'
  readonly name: string
  /** With epoch and revision, as the package manager writes it. */
  readonly version: string
  /** As the package manager names it: `amd64`, `x86_64`, `noarch`. */
  readonly architecture: string
  /** The source package that it was built from, where it has another name. */
  readonly source?: string
  /** The license as the package says it; often no SPDX expression. Debian's packages do not say it. */
  readonly license?: string
  /** Who maintains or sells it. */
  readonly supplier?: string
  readonly homepage?: string
}

/** The system of a machine, from its os-release(5). */
export interface OperatingSystem {
  /** `debian`, `alpine`, `fedora`; `linux` where it does not say. */
  readonly id: string
  /** `12`, `3.20`; a rolling release has none. */
  readonly version?: string
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string
}

/** What is known of a machine's software. */
export interface Inventory {
  readonly system: OperatingSystem
  /** Sorted by type, name, version and architecture. */
  readonly packages: readonly InstalledPackage[]
}
