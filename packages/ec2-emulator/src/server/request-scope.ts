import type { IncomingHttpHeaders } from 'node:http'

import { apiError } from '../api-error.ts'

/** Who calls what and where: the scope of a request's signature (Signature Version 4). The signature itself is not checked. */
export interface RequestScope {
  readonly accessKeyId: string
  readonly region: string
  /** `ec2` */
  readonly service: string
  /** When it was signed, in milliseconds since 1970; `undefined` when the request does not say. */
  readonly signedAt: number | undefined
}

/**
 * Reads the scope from the `Authorization` header, or from the query of a presigned URL.
 * @throws ApiError `MissingAuthenticationToken`, `IncompleteSignature`
 */
export function requestScope(headers: IncomingHttpHeaders, query: URLSearchParams): RequestScope {
  const credential = query.get('X-Amz-Credential') ?? /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1]
  if (credential === undefined) throw apiError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403)
  const parts = credential.split('/')
  const [service = '', region = ''] = [parts.at(-2), parts.at(-3)]
  const accessKeyId = parts.slice(0, -4).join('/')
  if (parts.length < 5 || service === '' || region === '' || accessKeyId === '') {
    throw apiError('IncompleteSignature', `'${credential}' is not a scope of Signature Version 4`, 403)
  }
  const date = query.get('X-Amz-Date') ?? headers['x-amz-date']
  return { accessKeyId, region, service, signedAt: typeof date === 'string' ? timeOf(date) : undefined }
}

/** `20261122T195000Z` */
function timeOf(date: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  if (year === undefined) return undefined
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
}
