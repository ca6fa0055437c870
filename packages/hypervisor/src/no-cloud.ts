import type { Json, Secret } from '@imago/core'
import { isSecret, reveal } from '@imago/core'

import type { Content } from './seed-server.ts'

/** What cloud-init is to be told. */
export interface NoCloudOptions {
  /** Text, such as a shell script or `#cloud-config`; or an object that is made into `#cloud-config`. */
  readonly userData: string | Secret | Readonly<Record<string, Json | Secret>>
  /** Text (YAML) or an object. An `instance-id` is needed, and each machine's must be new to it. */
  readonly metaData: string | Readonly<Record<string, Json>>
  /** Text (YAML) or an object: network configuration, version 1 or 2. @default what the image or cloud-init chooses */
  readonly networkConfig?: string | Readonly<Record<string, Json>>
}

/** The volume label that cloud-init's NoCloud data source looks for. */
export const noCloudLabel = 'cidata'

/**
 * The files that cloud-init's NoCloud data source reads, for a CD with the label {@link noCloudLabel} or an HTTP server (`ds=nocloud;s=<url>/`).
 */
export function noCloudFiles({ userData, metaData, networkConfig }: NoCloudOptions): Content {
  return {
    'user-data': isText(userData) ? reveal(userData) : `#cloud-config\n${yaml(userData)}`,
    'meta-data': typeof metaData === 'string' ? metaData : yaml(metaData),
    ...(networkConfig !== undefined && { 'network-config': typeof networkConfig === 'string' ? networkConfig : yaml(networkConfig) }),
    'vendor-data': '', // asked for over HTTP, where a file that is missing is tried again for a while
  }
}

function isText(value: NoCloudOptions['userData']): value is string | Secret {
  return typeof value === 'string' || isSecret(value)
}

/** JSON is YAML. */
function yaml(value: object): string {
  return `${JSON.stringify(value, revealing, 2)}\n`
}

/** Writes secrets out, which hide themselves when they are stringified. */
function revealing(this: Readonly<Record<string, unknown>>, key: string, member: unknown): unknown {
  const original = this[key]
  return isSecret(original) ? reveal(original) : member
}
