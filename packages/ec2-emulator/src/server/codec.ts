import type { IncomingHttpHeaders } from 'node:http'

import type { OperationSchema } from '../aws-sdk.ts'
import type { ApiError } from '../api-error.ts'
import { decodeJson, encodeJson } from '../protocol/json-codec.ts'
import { decodeQuery } from '../protocol/query-decoder.ts'
import { parseQuery } from '../protocol/query-tree.ts'
import { encodeXml, xmlElement } from '../protocol/xml-encoder.ts'
import type { Protocol, Service } from './service.ts'

/** An HTTP answer. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** The name of the operation that a request is for; empty when it says none. */
export function operationName(protocol: Protocol, headers: IncomingHttpHeaders, body: string): string {
  if (protocol !== 'json') return new URLSearchParams(body).get('Action') ?? ''
  return String(headers['x-amz-target'] ?? '').split('.')[1] ?? '' // `AmazonSSM.GetParameter`
}

/** The parameters of a request. @throws ApiError when they are not what the operation takes */
export function decodeInput(protocol: Protocol, { input }: OperationSchema, body: string): object {
  const decoded = protocol === 'json' ? decodeJson(input, body) : decodeQuery(input, parseQuery(body), protocol)
  return typeof decoded === 'object' && decoded !== null ? decoded : {}
}

/** Writes the answer of an operation. */
export function encodeOutput(
  { protocol, namespace }: Pick<Service, 'protocol' | 'namespace'>,
  { name, output }: OperationSchema,
  value: object,
  requestId: string,
): Answer {
  if (protocol === 'json') return jsonAnswer(200, encodeJson(output, value))
  const members = encodeXml(output, value)
  const id =
    protocol === 'ec2' ? xmlElement('requestId', requestId) : `<ResponseMetadata>${xmlElement('RequestId', requestId)}</ResponseMetadata>`
  const result = protocol === 'ec2' ? `${id}${members}` : `<${name}Result>${members}</${name}Result>${id}`
  return xmlAnswer(200, `<${name}Response xmlns="${namespace}">${result}</${name}Response>`)
}

/** Writes an error. */
export function encodeError(protocol: Protocol, { code, message, status }: ApiError, requestId: string): Answer {
  if (protocol === 'json') return jsonAnswer(status, JSON.stringify({ __type: code, message }))
  const error = `${xmlElement('Code', code)}${xmlElement('Message', message)}`
  if (protocol === 'ec2') {
    return xmlAnswer(status, `<Response><Errors><Error>${error}</Error></Errors>${xmlElement('RequestID', requestId)}</Response>`)
  }
  const type = xmlElement('Type', status >= 500 ? 'Receiver' : 'Sender')
  return xmlAnswer(status, `<ErrorResponse><Error>${type}${error}</Error>${xmlElement('RequestId', requestId)}</ErrorResponse>`)
}

function xmlAnswer(status: number, xml: string): Answer {
  return { status, contentType: 'text/xml;charset=UTF-8', body: `<?xml version="1.0" encoding="UTF-8"?>\n${xml}` }
}

function jsonAnswer(status: number, body: string): Answer {
  return { status, contentType: 'application/x-amz-json-1.1', body }
}
