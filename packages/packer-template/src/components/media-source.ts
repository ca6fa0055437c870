import type { Checksum, Digest } from '@imago/hypervisor'

import { renderLeaf } from '../mapping/coercions.ts'
import type { Known } from '../mapping/known.ts'
import { known } from '../mapping/known.ts'
import type { Coercion, OptionContext } from '../mapping/option-context.ts'
import type { RenderedText } from '../text/render-text.ts'
import type { CodeWriter } from '../typescript/code-writer.ts'
import type { Expression } from '../typescript/expression.ts'
import { code, joined, printPrimary, textExpression } from '../typescript/expression.ts'

/** Digests of which only the hex digits are given. */
const algorithms: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' }

/** `iso_checksum`: `sha256:…`, only the digits, `file:` and a URL, or `none`. */
export const mediaChecksum: Coercion<Checksum> = (node, ctx) => {
  const rendered = renderLeaf(node, ctx)
  if (typeof rendered !== 'object' || typeof rendered.value !== 'string') return undefined
  return checksumOf(rendered, rendered.value, ctx)
}

function checksumOf(rendered: RenderedText, value: string, ctx: OptionContext): Known<Checksum> {
  const isFixed = rendered.text.needs.variables.size === 0
  const text = (checksum: Digest | 'none', write: (writer: CodeWriter) => Expression): Known<Checksum> =>
    known<Checksum>({ value: checksum, key: JSON.stringify(checksum), code: isFixed ? () => textExpression(checksum) : write })
  if (/^none$/i.test(value)) return text('none', (writer) => asDigest(rendered, writer))
  if (/^file:/i.test(value)) return fileOfChecksums(rendered, value.slice('file:'.length))
  const algorithm = /^[0-9a-f]+$/i.test(value) ? algorithms[value.length] : undefined
  if (algorithm !== undefined)
    return text(`${algorithm}:${value}` as Digest, (writer) => joined([textExpression(`${algorithm}:`), writer.text(rendered)]))
  const written = /^[a-z0-9]+:/i.exec(value)?.[0].toLowerCase()
  if (written === undefined && isFixed) ctx.reports.problem(ctx, `'${value}' is no checksum`, "write 'sha256:' and 64 hex digits")
  return text(value as Digest, (writer) => asDigest(rendered, writer))
}

/** What the compiler sees to be a digest needs no cast. */
function asDigest(rendered: RenderedText, writer: CodeWriter): Expression {
  const [first] = rendered.text.nodes
  const written = writer.text(rendered)
  if (first?.kind === 'text' && /^(?:md5|sha1|sha256|sha512):/.test(first.text)) return written
  return code(`${printPrimary(written)} as ${writer.importedType('@imago/hypervisor', 'Digest')}`, 'cast')
}

function fileOfChecksums(rendered: RenderedText, url: string): Known<Checksum> {
  const [first, ...rest] = rendered.text.nodes
  const value = { url }
  const write = (writer: CodeWriter): Expression => {
    if (rendered.text.needs.variables.size === 0) return textExpression(url)
    if (first?.kind !== 'text' || !first.text.startsWith('file:'))
      return code(`${printPrimary(writer.text(rendered))}.slice('file:'.length)`)
    const nodes = [{ ...first, text: first.text.slice('file:'.length) }, ...rest]
    return writer.text({ ...rendered, text: { ...rendered.text, nodes }, value: url })
  }
  return known<Checksum>({
    value,
    key: JSON.stringify(value),
    code: (writer) => ({ kind: 'object', entries: [{ kind: 'member', name: 'url', value: write(writer) }] }),
  })
}
