import { apiError } from '../api-error.ts'

/** What operations that answer in pages take. */
export interface PageRequest {
  readonly MaxResults?: number | undefined
  readonly NextToken?: string | undefined
}

/** A page, and the token of the next one where there is more. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextToken: string | undefined
}

/**
 * Cuts a list into pages.
 * @param ids the ids that the request names: EC2 takes no page size beside them
 * @throws ApiError `InvalidParameterCombination`, `InvalidParameterValue`, `InvalidNextToken`
 */
export function paginate<T>(all: readonly T[], { MaxResults: size, NextToken: token }: PageRequest, ids: readonly string[] = []): Page<T> {
  if (size !== undefined && ids.length > 0) {
    throw apiError('InvalidParameterCombination', 'The parameter maxResults cannot be used together with ids')
  }
  if (size !== undefined && (size < 5 || size > 1000)) {
    throw apiError('InvalidParameterValue', `Value ( ${size} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`)
  }
  const start = token === undefined ? 0 : offsetOf(token)
  const end = start + (size ?? 1000)
  return { items: all.slice(start, end), nextToken: end < all.length ? tokenOf(end) : undefined }
}

function tokenOf(offset: number): string {
  return Buffer.from(`page:${offset}`).toString('base64url')
}

function offsetOf(token: string): number {
  const [, offset] = /^page:(\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (offset === undefined) throw apiError('InvalidNextToken', `The token '${token}' is invalid`)
  return Number(offset)
}
