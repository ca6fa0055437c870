import type { Facts } from '@imago/core'

/** What a field of a text becomes while a build runs. */
export interface FieldSource {
  read(facts: Facts): string
  /** The same in TypeScript, inside of a function of `facts`. */
  readonly code: string
}

/** Fields by their names: `HTTPIP` for `{{.HTTPIP}}`. */
export type FieldTable = Readonly<Record<string, FieldSource>>

/** A fact as a field. */
export function factField(name: string): FieldSource {
  return { read: (facts) => String(facts[name] ?? ''), code: `facts.${name}` }
}

/** What `{{build `Name`}}` is, and `{{.Name}}` in options that are rendered while the build runs. */
export const buildValues: FieldTable = {
  ID: factField('machineId'),
  Host: factField('host'),
  Port: factField('port'),
  User: factField('user'),
  PackerRunUUID: factField('runId'),
  PackerHTTPAddr: {
    read: ({ httpUrl = '' }) => httpUrl.replace(/^https?:\/\//, '').replace(/\/.*$/, ''),
    code: "facts.httpUrl?.replace(/^https?:\\/\\//, '').replace(/\\/.*$/, '')",
  },
  SourceAMI: factField('sourceImage'),
}

/** `.BuildName` and `.BuilderType` in the names of files that post-processors write. */
export const outputFields: FieldTable = {
  BuildName: factField('buildName'),
  BuilderType: factField('builderType'),
}
