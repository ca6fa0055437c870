import * as v from 'valibot'

import { wholeNumber } from './text.ts'

/** The instance's metadata service. Packer: `metadata_options`. */
export interface MetadataOptions {
  /** Whether there is one. Packer: `http_endpoint`. @default true */
  readonly enabled?: boolean
  /** Whether programs need a session token (IMDSv2). Packer: `http_tokens`, whose default is optional. @default required */
  readonly tokens?: 'required' | 'optional'
  /** How many hops an answer travels: 2 for programs in containers. Packer: `http_put_response_hop_limit`. @default 1 */
  readonly hopLimit?: number
  /** Whether it tells the instance's tags. Packer: `instance_metadata_tags`. @default false */
  readonly tags?: boolean
}

/** The schema of {@link MetadataOptions}. */
export const metadataSchema: v.GenericSchema = v.strictObject({
  enabled: v.optional(v.boolean()),
  tokens: v.optional(v.picklist(['required', 'optional'])),
  hopLimit: v.optional(wholeNumber(1, 64)),
  tags: v.optional(v.boolean()),
})

/** The options as requests hold them. */
export function metadataInput({ enabled = true, tokens = 'required', hopLimit = 1, tags = false }: MetadataOptions = {}): {
  HttpEndpoint: 'enabled' | 'disabled'
  HttpTokens: 'required' | 'optional'
  HttpPutResponseHopLimit: number
  InstanceMetadataTags: 'enabled' | 'disabled'
} {
  return {
    HttpEndpoint: enabled ? 'enabled' : 'disabled',
    HttpTokens: tokens,
    HttpPutResponseHopLimit: hopLimit,
    InstanceMetadataTags: tags ? 'enabled' : 'disabled',
  }
}
