import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyText } from '../test/any-text.ts'
import { parseDocument } from '../test/well-formed.ts'
import { escapeText, markup } from './markup.ts'

test('escapes what stands in it, and not what is markup', () => {
  const inner = markup`<b>${'a < b'}</b>`
  expect(markup`<p title="${'"quoted"'}">${inner}${undefined}${[inner, 7, ["it's"]]}</p>`.markup).toBe(
    '<p title="&quot;quoted&quot;"><b>a &lt; b</b><b>a &lt; b</b>7it&#39;s</p>',
  )
})

test('any text is the same again when it is read, but for what cannot be there', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const { tags, text: content } = parseDocument(markup`<p title="${text}">${text}</p>`.markup)
      // oxlint-disable-next-line no-control-regex -- these cannot be there
      const possible = text.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFE\uFFFF]|\p{Surrogate}/gu, '\uFFFD')
      expect([tags[0]?.attributes.get('title'), content]).toEqual([possible, possible])
    }),
  )
})

test('escapes 100 MB in a moment', () => {
  const began = performance.now()
  expect(escapeText('<'.repeat(5_000_000)).length).toBe(20_000_000)
  expect(performance.now() - began).toBeLessThan(10_000)
})
