import { optionSchema } from '@imago/core'
import * as v from 'valibot'

/** What an image says of its containers, as options of a builder. What is not given stays as the base has it. */
export interface ContainerConfig {
  /** What containers run: a program with its arguments, or arguments for the entry point. @default the base's; none when `entrypoint` is set */
  readonly cmd?: readonly string[]
  /** The program that containers always run. @default the base's */
  readonly entrypoint?: readonly string[]
  /** Environment variables, added to the base's. @default {} */
  readonly env?: Readonly<Record<string, string>>
  /** Whom containers run as: `user`, `user:group`, names or numbers. @default the base's */
  readonly user?: string
  /** The folder that containers start in. Absolute. @default the base's */
  readonly workdir?: string
  /** Added to the base's. @default {} */
  readonly labels?: Readonly<Record<string, string>>
  /** Ports that containers listen on, added to the base's: `80`, `'53/udp'`. @default [] */
  readonly exposedPorts?: readonly (number | string)[]
  /** Directories that hold data of their own, added to the base's. Absolute. @default [] */
  readonly volumes?: readonly string[]
}

type Entries = {
  readonly [Name in keyof Required<ContainerConfig>]: v.OptionalSchema<v.GenericSchema<Required<ContainerConfig>[Name]>, undefined>
}

const { text } = optionSchema
const absolute = v.pipe(v.string(), v.startsWith('/', 'must be an absolute path'))
const words = v.pipe(v.array(v.string()), v.minLength(1, 'must hold a program'))
const port = "must be a port such as 80 or '53/udp'"

/** The entries of a `v.strictObject` that takes a {@link ContainerConfig}. */
export const containerConfigEntries: Entries = {
  cmd: v.optional(words),
  entrypoint: v.optional(words),
  env: v.optional(v.record(v.pipe(v.string(), v.regex(/^[^=\0]+$/, 'must be a name')), v.string())),
  user: v.optional(text),
  workdir: v.optional(absolute),
  labels: v.optional(v.record(text, v.string())),
  exposedPorts: v.optional(
    v.array(
      v.union([
        v.pipe(v.number(), v.integer(port), v.minValue(1, port), v.maxValue(65_535, port)),
        v.pipe(v.string(), v.regex(/^\d{1,5}(?:-\d{1,5})?(?:\/(?:tcp|udp|sctp))?$/, port)),
      ]),
    ),
  ),
  volumes: v.optional(v.array(absolute)),
}
