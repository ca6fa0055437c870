import type { GuestAdditions } from '@imago/builder-virtualbox'
import type { Facts, FromFacts } from '@imago/core'
import type { MediaSource } from '@imago/hypervisor'

import { lateText } from '../../mapping/coercions.ts'
import { joinedTexts } from '../../mapping/current-value.ts'
import { togetherWith } from '../../mapping/group.ts'
import type { Known, Model } from '../../mapping/known.ts'
import { isKnown, keyOf, known, valueOf } from '../../mapping/known.ts'
import { localPath } from '../../mapping/local-path.ts'
import type { ComponentContext } from '../../mapping/table.ts'
import { inside } from '../../reports.ts'
import type { FieldTable } from '../../text/field-table.ts'
import { code } from '../../typescript/expression.ts'
import { modelLayout } from '../../typescript/model-layout.ts'

type Image = NonNullable<GuestAdditions['iso']>

/** `{{.Version}}`, which the builder always knows. */
const fields: FieldTable = { Version: { read: (facts) => String(facts['virtualBoxVersion']), code: code('facts.virtualBoxVersion') } }

/** Where the Guest Additions are loaded from: `guest_additions_url`, in which the version of VirtualBox may stand. */
export function additionsImage(digits: Model<string> | undefined, ctx: ComponentContext): Model<Image> | undefined {
  const member = ctx.options.members.get('guest_additions_url')
  if (member === undefined) return undefined
  const where = { ...ctx, ...inside(ctx, member.at, 'guest_additions_url') }
  const { value } = member
  const isLate = value.kind === 'text' && ctx.renderer.parse(value, where)?.needs.fields.has('Version') === true
  const url = isLate ? lateText(fields)(value, where) : localPath(value, where)
  if (!isKnown(url)) return undefined
  if (digits === undefined && url.value !== '') {
    ctx.reports.warn(ctx, "nothing checks what 'guest_additions_url' loads", "add 'guest_additions_sha256'")
  }
  const checksum = digits === undefined ? 'none' : (joinedTexts(['sha256:', digits]) as Model<MediaSource['checksum']>) // has its algorithm before it
  return isText(url) ? togetherWith<MediaSource>(['url'], { url, checksum }) : lateImage(url, checksum)
}

function isText(url: Known<FromFacts<string>>): url is Known<string> {
  return typeof url.value === 'string'
}

function lateImage(url: Known<FromFacts<string>>, checksum: Model<MediaSource['checksum']>): Known<(facts: Facts) => MediaSource> {
  const { value } = url
  return known({
    value: (facts: Facts): MediaSource => ({
      url: typeof value === 'function' ? value(facts) : value,
      checksum: valueOf(checksum) as MediaSource['checksum'], // what the model stands for
    }),
    key: `late:${url.key},${keyOf(checksum)}`,
    code: (writer) => {
      const layout = url.code(writer)
      const entries = [
        { kind: 'member', name: 'url', value: layout.kind === 'arrow' ? layout.body : layout },
        { kind: 'member', name: 'checksum', value: modelLayout(checksum, writer) },
      ] as const
      return { kind: 'arrow', parameters: '(facts)', body: { kind: 'object', entries } }
    },
  })
}
