import type { IncomingMessage } from 'node:http'

import { apiError } from '../api-error.ts'
import { xmlElement } from '../protocol/xml-encoder.ts'
import { locate, s3Operation } from '../s3/s3-request.ts'
import type { S3Answer } from '../s3/s3-service.ts'
import { answerS3 } from '../s3/s3-service.ts'
import { conduct } from './conduct.ts'
import type { ApiRequest, Backend } from './dispatch.ts'

/** A request to S3: its body is a stream. */
export interface StreamedRequest extends Omit<ApiRequest, 'body'> {
  readonly url: URL
  readonly message: IncomingMessage
}

/** Answers a request to S3; `undefined` means that the connection is to be cut. */
export async function dispatchS3({ world, journal }: Backend, request: StreamedRequest): Promise<S3Answer | undefined> {
  const { url, message, headers, scope } = request
  const { method = '' } = message
  const place = locate(url, headers.host ?? '')
  const operation = s3Operation({ method, ...place, query: url.searchParams })
  const outcome = await conduct<S3Answer>(world, journal, {
    ...request,
    service: 's3',
    operation: operation ?? `${method} ${url.pathname}`,
    decode: () => ({
      Bucket: place.bucket,
      Key: place.key,
      ...given(headers, {
        Tagging: 'tagging',
        ServerSideEncryption: 'server-side-encryption',
        SSEKMSKeyId: 'server-side-encryption-aws-kms-key-id',
      }),
    }),
    perform: async () => {
      if (operation === undefined) throw apiError('NotImplemented', `This emulator does not have ${method} ${url.search} of the service s3`)
      const { region } = scope
      return await answerS3(world.objects, operation, { method, ...place, query: url.searchParams, headers, body: message, region })
    },
    summary: ({ status }) => ({ status }),
  })
  if (outcome.type === 'cut') return undefined
  if (outcome.type === 'output') return outcome.output
  const { code, message: text, status } = outcome.error
  const xml = `<Error>${xmlElement('Code', code)}${xmlElement('Message', text)}${xmlElement('RequestId', outcome.requestId)}</Error>`
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: method === 'HEAD' ? '' : `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`,
  }
}

/** Parameters that come as headers, where they do. */
function given(headers: ApiRequest['headers'], names: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const parameters = Object.entries(names).map(([parameter, header]) => [parameter, headers[`x-amz-${header}`]] as const)
  return Object.fromEntries(parameters.filter(([, value]) => value !== undefined))
}
