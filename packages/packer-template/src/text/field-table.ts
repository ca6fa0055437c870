import type { Facts } from '@imago/core'

import type { Expression } from '../typescript/expression.ts'
import { code } from '../typescript/expression.ts'

/** What a field of a text becomes while a build runs. */
export interface FieldSource {
  read(facts: Facts): string
  /** The same in TypeScript, inside of a function of `facts`. */
  readonly code: Expression
  /** Whether the code may evaluate to `undefined`, although it does not where the field makes sense. @default false */
  readonly maybe?: boolean
}

/** Fields by their names: `HTTPIP` for `{{.HTTPIP}}`. */
export type FieldTable = Readonly<Record<string, FieldSource>>

/** A fact that every build has, as a field. */
function sureFact(name: 'buildName' | 'builderType' | 'runId'): FieldSource {
  return { read: (facts) => facts[name], code: code(`facts.${name}`) }
}

/** A fact that a builder may have, as a field. */
export function factField(name: 'machineId' | 'host' | 'user' | 'sourceImage' | 'httpUrl' | 'winrmPassword'): FieldSource {
  return { read: (facts) => facts[name] ?? '', code: code(`facts.${name} ?? ''`, 'nullish') }
}

/** A fact of which only the builder knows what it is, as a field. */
export function otherFact(name: string): FieldSource {
  return { read: (facts) => String(facts[name] ?? ''), code: code(`String(facts.${name} ?? '')`) }
}

/** What `{{build `Name`}}` is, and `{{.Name}}` in options that are rendered while the build runs. */
export const buildValues: FieldTable = {
  ID: factField('machineId'),
  Host: factField('host'),
  Port: otherFact('port'),
  User: factField('user'),
  WinRMPassword: factField('winrmPassword'),
  PackerRunUUID: sureFact('runId'),
  PackerHTTPAddr: httpPart("replaceAll(/^https?:\\/\\/|\\/.*$/g, '')", (url) => url.replaceAll(/^https?:\/\/|\/.*$/g, '')),
  PackerHTTPIP: httpPart("replace(/^https?:\\/\\//, '').replace(/:\\d+(?:\\/.*)?$/, '')", (url) =>
    url.replace(/^https?:\/\//, '').replace(/:\d+(?:\/.*)?$/, ''),
  ),
  PackerHTTPPort: httpPart("replaceAll(/^.*:|\\/.*$/g, '')", (url) => url.replaceAll(/^.*:|\/.*$/g, '')),
  SourceAMI: factField('sourceImage'),
  SourceAMIName: otherFact('sourceImageName'),
  SourceAMIOwner: otherFact('sourceImageOwner'),
  SourceAMICreationDate: otherFact('sourceImageCreationDate'),
  BuildRegion: otherFact('buildRegion'),
}

/** What Packer can tell of a build and this does not: secrets among them. */
export const untoldBuildValues: ReadonlySet<string> = new Set([
  'ConnType',
  'Password',
  'SSHPrivateKey',
  'SSHPublicKey',
  'SourceAMIOwnerName',
])

/** `.BuildName` and `.BuilderType` in the names of files that post-processors write. */
export const outputFields: FieldTable = { BuildName: sureFact('buildName'), BuilderType: sureFact('builderType') }

function httpPart(call: string, read: (url: string) => string): FieldSource {
  return { read: ({ httpUrl = '' }) => read(httpUrl), code: code(`(facts.httpUrl ?? '').${call}`) }
}
