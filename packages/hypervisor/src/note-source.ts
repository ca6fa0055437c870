import type { BuildContext } from '@imago/core'

import type { FetchedSource } from './fetch-source.ts'
import type { MediaSource } from './media-source.ts'
import { fileName, isRemote, shownUrl } from './source-url.ts'

/**
 * Tells the provenance of an image that a machine starts from; its address without what may be secret in it. What is not checked is a local
 * file, which the builder's inputs tell.
 */
export function noteSource({ url }: MediaSource, { sha256 }: FetchedSource, ctx: Pick<BuildContext, 'startsFrom'>): void {
  if (sha256 === undefined) return
  const [address = ''] = typeof url === 'string' ? [url] : url
  ctx.startsFrom(
    isRemote(address) ? { name: fileName(address), uri: shownUrl(address), digest: { sha256 } } : { name: address, digest: { sha256 } },
  )
}
