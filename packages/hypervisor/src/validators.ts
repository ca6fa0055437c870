/** What tells one state of a file on a server from another (RFC 9110, 8.8). */
export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
}

/** The validators of a response. */
export function validatorsOf(headers: Headers): Validators {
  const etag = headers.get('etag')
  const lastModified = headers.get('last-modified')
  return { ...(etag !== null && { etag }), ...(lastModified !== null && { lastModified }) }
}

/** Headers that ask for the file only if it is in another state. */
export function unlessUnchanged({ etag, lastModified }: Validators): Readonly<Record<string, string>> | undefined {
  if (etag !== undefined) return { 'if-none-match': etag }
  return lastModified === undefined ? undefined : { 'if-modified-since': lastModified }
}

/** The value of an `If-Range` header: what ensures that a part is one of the same bytes. */
export function sameBytes({ etag, lastModified }: Validators): string | undefined {
  return etag !== undefined && !etag.startsWith('W/') ? etag : lastModified
}
