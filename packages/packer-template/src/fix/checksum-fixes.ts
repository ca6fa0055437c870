import { jsonNodeAt } from '../json/json-node.ts'
import type { Draft } from './draft.ts'
import type { Fix } from './fix.ts'

/** The options of a checksum, which are one now: `iso_checksum`, `sha256:…` or `file:https://…`. */
export const isoChecksumFixes: readonly Fix[] = [
  { name: 'iso-md5', kind: 'builder', apply: fixMd5 },
  { name: 'iso-checksum-type-and-url', kind: 'builder', apply: fixTypeAndUrl },
]

/** The checksum says itself what it is. */
const selfDescribing = /^(?:none|(?:md5|sha1|sha224|sha256|sha384|sha512|file):)/i

function fixMd5(draft: Draft): void {
  const value = draft.get('iso_md5')
  if (value === undefined) return
  draft.warn('iso_md5', "iso_checksum is 'md5:…' now")
  const md5 = draft.text('iso_md5')
  if (draft.get('iso_checksum') === undefined && md5 !== undefined) draft.set('iso_checksum', jsonNodeAt(value.at, `md5:${md5}`))
  draft.remove('iso_md5')
}

function fixTypeAndUrl(draft: Draft): void {
  const type = draft.text('iso_checksum_type')
  const url = draft.text('iso_checksum_url')
  if (type === undefined && url === undefined) return
  const checksum = draft.text('iso_checksum')
  const combined = combine(checksum, type, url)
  const place = (draft.get('iso_checksum') ?? draft.get('iso_checksum_url') ?? draft.get('iso_checksum_type'))?.at
  for (const option of ['iso_checksum_type', 'iso_checksum_url']) {
    if (draft.get(option) === undefined) continue
    draft.warn(option, `it is part of 'iso_checksum' now${combined === undefined ? '' : `, '${combined}'`}`)
    draft.remove(option)
  }
  if (combined !== undefined && place !== undefined) draft.set('iso_checksum', jsonNodeAt(place, combined))
}

function combine(checksum: string | undefined, type: string | undefined, url: string | undefined): string | undefined {
  if (type?.toLowerCase() === 'none') return 'none'
  if (url !== undefined && url !== '') return `file:${url}`
  if (checksum === undefined || checksum === '') return undefined
  return type === undefined || type === '' || selfDescribing.test(checksum) ? checksum : `${type}:${checksum}`
}
