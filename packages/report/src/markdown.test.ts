import { expect, test } from 'vitest'

import { codeBlock, codeSpan, escapeMarkdown, tableOf } from './markdown.ts'

test.each([
  ['web.docker', 'web.docker'],
  ['issue #7, $x$, :cow:', String.raw`issue \#7, \$x\$, \:cow\:`],
  ['a | b\nc', String.raw`a \| b …`],
  ['<b>*x*</b> & `y`', '&lt;b&gt;\\*x\\*&lt;/b&gt; &amp; \\`y\\`'],
  ['@team https://x', String.raw`\@team https\://x`],
])('%j in text is %j', (text, markdown) => {
  expect(escapeMarkdown(text)).toBe(markdown)
})

test('code has no marks in it', () => {
  expect(codeSpan('a|b`<c>')).toBe('<code>a&#124;b&#96;&lt;c&gt;</code>')
  expect(codeBlock('a\n````\nb')).toBe('`````text\na\n````\nb\n`````')
})

test('a table', () => {
  expect(tableOf(['A', 'B'], [['1', '2']])).toBe('| A | B |\n| --- | --- |\n| 1 | 2 |')
})
