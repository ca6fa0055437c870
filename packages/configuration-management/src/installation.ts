import type { Issue, LocalInput } from '@imago/core'
import { optionSchema } from '@imago/core'
import * as v from 'valibot'

/**
 * How the agent comes into the machine. Nothing is installed where it is there already.
 *
 * - `'none'`: an earlier step or the base image brings it.
 * - `'package'`: the machine's package manager installs it, under the name that its repositories have for it.
 * - `{ packages }`: the same, with these packages: `['puppet-agent=7.23.*']`.
 * - `{ script }`: a script installs it.
 * - `{ command }`: a command of the machine's shell installs it.
 */
export type Installation = 'none' | 'package' | PackageInstallation | ScriptInstallation | CommandInstallation

/** Packages to install. */
export interface PackageInstallation {
  /** As the machine's package manager takes them. */
  readonly packages: readonly string[]
  readonly script?: never
  readonly command?: never
}

/** A script that installs the agent. It is fetched and checked by this machine, and runs as root in the other. */
export interface ScriptInstallation {
  /** A script of this machine, or an `https:` or `http:` URL. */
  readonly script: string
  /** SHA-256 in hex, with `sha256:` before it or not. A URL needs one; `'none'` says that you trust it unseen. */
  readonly checksum?: string
  /** Arguments of the script: `['-v', '18']`. @default none */
  readonly arguments?: readonly string[]
  readonly packages?: never
  readonly command?: never
}

/** A command that installs the agent. Nothing checks what it fetches. */
export interface CommandInstallation {
  /** For the machine's shell, as root: `'curl -fsSL https://example.org/install.sh | sh'`. */
  readonly command: string
  readonly packages?: never
  readonly script?: never
}

const checksum = v.pipe(
  v.string(),
  v.regex(/^(?:none|(?:sha256:)?[0-9a-fA-F]{64})$/, "must be a SHA-256 ('sha256:' and 64 digits of hex) or 'none'"),
)

/** The schema of {@link Installation}. */
export const installationSchema: v.GenericSchema = v.lazy((value) =>
  typeof value === 'object'
    ? v.strictObject({
        packages: v.optional(v.pipe(v.array(optionSchema.text), v.nonEmpty('must not be empty'))),
        script: v.optional(optionSchema.text),
        checksum: v.optional(checksum),
        arguments: v.optional(v.array(v.string())),
        command: v.optional(optionSchema.text),
      })
    : v.picklist(['none', 'package']),
)

/** Problems that the schema does not see. The option may come from data, and be wrong. */
export function installationIssues(install: unknown): readonly Issue[] {
  if (!isObject(install)) return []
  const { script } = install
  const first = (['packages', 'command', 'script'] as const).find((name) => install[name] !== undefined)
  if (first === undefined) return [{ path: ['install'], message: 'needs packages, script or command' }]
  if (first !== 'script') {
    return (['command', 'script', 'checksum', 'arguments'] as const)
      .filter((name) => name !== first && install[name] !== undefined)
      .map((name) => ({ path: ['install', name], message: `${first} and ${name} exclude each other` }))
  }
  if (!isUrl(script) || install['checksum'] !== undefined) return []
  return [{ path: ['install', 'checksum'], message: 'is required for a URL', hint: "the script's SHA-256, or 'none' to trust it unseen" }]
}

/** The script, when it is a file of this machine. */
export function installationInputs(install: unknown): readonly LocalInput[] {
  const script = isObject(install) ? install['script'] : undefined
  if (typeof script !== 'string' || isUrl(script)) return []
  return [{ path: script, at: ['install', 'script'], kind: 'file' }]
}

/** Whether a script is to be fetched. */
export function isUrl(script: unknown): boolean {
  return typeof script === 'string' && /^https?:\/\//i.test(script)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
