import type { Checksum, MediaSource } from '@imago/hypervisor'

import { always } from '../mapping/coercions.ts'
import type { Model } from '../mapping/known.ts'
import { localPath, localPaths } from '../mapping/local-path.ts'
import type { ComponentContext, MeaninglessRow, Taken, TakenRow } from '../mapping/table.ts'
import { meaningless, taken } from '../mapping/table.ts'
import { mediaChecksum } from './media-source.ts'
import type { Named } from './named.ts'

/** Packer's options of what a machine starts from. */
export type IsoRows = Named<'iso_url', TakenRow<string>> &
  Named<'iso_urls', TakenRow<readonly string[]>> &
  Named<'iso_checksum', TakenRow<Checksum>> &
  Named<'iso_target_path' | 'iso_target_extension' | 'iso_skip_cache', MeaninglessRow>

/** What becomes of each of them. */
export const isoRows: IsoRows = {
  iso_url: taken(always(localPath)),
  iso_urls: taken(localPaths),
  iso_checksum: taken(mediaChecksum),
  iso_target_path: meaningless('downloads are kept by what they are'),
  iso_target_extension: meaningless('downloads are kept by what they are'),
  iso_skip_cache: meaningless('local files are not copied'),
}

/** The image and its digest. That they are missing is reported. */
export function isoSource(given: Taken<IsoRows>, ctx: ComponentContext): Model<MediaSource> {
  const { iso_url: url, iso_urls: urls, iso_checksum: checksum } = given
  const has = (option: string): boolean => ctx.options.members.has(option)
  if (has('iso_url') === has('iso_urls')) ctx.reports.problem(ctx, "one of 'iso_url' and 'iso_urls' is needed")
  if (!has('iso_checksum')) ctx.reports.problem(ctx, "'iso_checksum' is missing", "'none' does not check what is downloaded")
  return { url: url ?? urls ?? [], checksum: checksum ?? 'none' }
}
