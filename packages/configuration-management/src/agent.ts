/** A program of configuration management that runs in the machine. */
export interface Agent {
  /** What messages call it: `'Puppet'`. */
  readonly title: string
  /** The program that a run starts: `'puppet'`. */
  readonly program: string
  /** Folders where its makers' packages put it, and which `PATH` often lacks. */
  readonly folders: readonly string[]
  /** The packages that bring it, by package manager; one that has none under a name of its own is left out. */
  readonly packages: Partial<Record<PackageManager, readonly string[]>>
  /** What to say when it is not there, beside the option `install`. */
  readonly hint?: string
}

/** The package managers that are known. */
export type PackageManager = 'apt-get' | 'dnf' | 'yum' | 'zypper' | 'apk'
