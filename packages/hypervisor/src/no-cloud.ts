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
 * @param onSecret told of every secret that is written out
 */
export function noCloudFiles({ userData, metaData, networkConfig }: NoCloudOptions, onSecret: OnSecret = () => undefined): Content {
  return {
    'user-data': isText(userData) ? written(userData, onSecret) : `#cloud-config\n${yaml(userData, onSecret)}`,
    'meta-data': typeof metaData === 'string' ? metaData : yaml(metaData, onSecret),
    ...(networkConfig !== undefined && {
      'network-config': typeof networkConfig === 'string' ? networkConfig : yaml(networkConfig, onSecret),
    }),
    'vendor-data': '', // asked for over HTTP, where a file that is missing is tried again for a while
  }
}

type OnSecret = (value: string) => void

function isText(value: NoCloudOptions['userData']): value is string | Secret {
  return typeof value === 'string' || isSecret(value)
}

function written(value: string | Secret, onSecret: OnSecret): string {
  if (isSecret(value)) onSecret(reveal(value))
  return reveal(value)
}

/** JSON is YAML. Secrets hide themselves when they are stringified. */
function yaml(value: object, onSecret: OnSecret): string {
  const revealing = function (this: Readonly<Record<string, unknown>>, key: string, member: unknown): unknown {
    const original = this[key]
    return isSecret(original) ? written(original, onSecret) : member
  }
  return `${JSON.stringify(value, revealing, 2)}\n`
}
