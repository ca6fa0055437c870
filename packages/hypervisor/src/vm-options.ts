import type { Duration, FromFacts, Json, Secret } from '@imago/core'

import type { BootCommand } from './boot-command.ts'

/** Texts to make files of, by the files' paths. A function of the facts may hold the address of the HTTP server, `facts.httpUrl`. */
export type ContentOption = Readonly<Record<string, FromFacts<string | Secret>>>

/** Files for the machine, on a medium of its own. At least one of `files` and `content`. */
export interface MediumOptions {
  /**
   * Local files and directories, relative to the definition; each is in the root under its own name, a directory with what is in it. `*`, `?`
   * and `[…]` stand for what matches. @default none
   */
  readonly files?: readonly string[]
  /** @default none */
  readonly content?: ContentOption
  /** The name of the volume. */
  readonly label?: string
}

/**
 * Serves files to the machine while the build runs, below a path that nobody can guess: `facts.httpUrl`. At least one of `directory` and
 * `content`.
 */
export interface HttpOptions {
  /** A local directory, relative to the definition. @default none */
  readonly directory?: string
  /** Comes before files of the directory. @default none */
  readonly content?: ContentOption
  /** Ports to listen on, the lowest and the highest. @default any */
  readonly ports?: readonly [lowest: number, highest: number]
}

/** Configures the machine with cloud-init, on a CD that its NoCloud data source finds. */
export interface CloudInitOptions {
  /** Text, such as a shell script or `#cloud-config`; or an object that is made into `#cloud-config`. */
  readonly userData: FromFacts<string | Secret | Readonly<Record<string, Json | Secret>>>
  /**
   * Text, or an object that says more than is said anyway, or otherwise: `instance-id` (the run's own), `local-hostname` (the build's name) and
   * `public-keys` (the key that was made for the build). @default only that
   */
  readonly metaData?: FromFacts<string | Readonly<Record<string, Json>>>
  /** @default what the image or cloud-init chooses */
  readonly networkConfig?: FromFacts<string | Readonly<Record<string, Json>>>
}

/** What is typed on the keyboard when the machine starts. */
export interface BootOptions {
  /**
   * Wait before the first key; without a command, before the machine is connected to.
   * @default 0 without a command, or with one that begins with a wait for text or a screen, else '10s'
   */
  readonly wait?: Duration
  /** @default nothing is typed */
  readonly command?: FromFacts<BootCommand>
  /** Wait after each key. @default '10ms' */
  readonly keyInterval?: Duration
}

/** How the machine is shut down. */
export interface ShutdownOptions {
  /** Shell command that shuts it down. @default the power button is pressed, where the machine has one */
  readonly command?: string | Secret
  /** The plug is pulled when it is not off in time. @default '5m' */
  readonly timeout?: Duration
}

/** What all builders of virtual machines take. */
export interface VmOptions {
  /** Serve files over HTTP. @default none */
  readonly http?: HttpOptions
  /** A CD with files. The default label is `imago`. @default none */
  readonly cd?: MediumOptions
  /** A floppy disk of 1.44 MB with files. @default none */
  readonly floppy?: MediumOptions
  /** @default none */
  readonly cloudInit?: CloudInitOptions
  readonly boot?: BootOptions
  readonly shutdown?: ShutdownOptions
  /** Where downloads are kept, relative to the definition. @default `~/.cache/imago/media` */
  readonly cacheDirectory?: string
}
