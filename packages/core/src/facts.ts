/**
 * What is known only while a build runs: the machine's address, the seed server's URL, the image id so far. A builder adds what it
 * knows when it hands the machine over.
 */
export interface Facts {
  /** The build's name: its key in `builders`. */
  readonly buildName: string
  /** The builder's type: `'docker'`. */
  readonly builderType: string
  readonly runId: string
  /** The image's name. */
  readonly image: string
  /** The machine's address, where it has one. */
  readonly host?: string
  readonly port?: number
  /** The user that commands run as. */
  readonly user?: string
  /** The password of that user, where the machine is reached over WinRM: for what runs as the same user, such as a scheduled task. */
  readonly winrmPassword?: string
  /** Where the build's own HTTP server answers, seen from the machine. */
  readonly httpUrl?: string
  /** The image the build started from, as its provider names it. */
  readonly sourceImage?: string
  /** The container, instance or virtual machine, as its provider names it. */
  readonly machineId?: string
  readonly [name: string]: string | number | boolean | undefined
}

/** A value, or a function that makes it from the facts of the running build. */
export type FromFacts<T> = T | ((facts: Facts) => T)

/** The value of a {@link FromFacts}. `T` must not be a function itself. */
export function resolveFacts<T extends string | number | boolean | object | undefined>(value: FromFacts<T>, facts: Facts): T {
  return typeof value === 'function' ? (value as (facts: Facts) => T)(facts) : value // T is no function, says the contract
}

/** The environment that every step's commands get: `IMAGO_BUILD_NAME`, `IMAGO_BUILDER_TYPE`, and Packer's names for the same. */
export function factsEnvironment(facts: Facts): Record<string, string> {
  return {
    IMAGO_BUILD_NAME: facts.buildName,
    IMAGO_BUILDER_TYPE: facts.builderType,
    PACKER_BUILD_NAME: facts.buildName,
    PACKER_BUILDER_TYPE: facts.builderType,
    ...(facts.httpUrl !== undefined && {
      IMAGO_HTTP_URL: facts.httpUrl,
      PACKER_HTTP_ADDR: facts.httpUrl.replace(/^https?:\/\//, '').replace(/\/.*$/, ''),
    }),
  }
}
