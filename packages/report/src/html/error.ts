import type { ErrorJson } from '@imago/core'

import type { Markup } from '../markup.ts'
import { markup } from '../markup.ts'
import { outputLines } from '../output-text.ts'
import { longText } from './words.ts'

/** An error: what is wrong, what is behind it, and what to do. */
export function errorBox({ message, causes = [], hint, code }: ErrorJson): Markup {
  const untold = code === 'DEFINITION_INVALID' ? [] : causes.filter((cause) => !message.includes(cause))
  return markup`<div class="error">
<p class="text">${textOf(message)}</p>
${untold.map((cause) => markup`<p class="text">because: ${textOf(cause)}</p>\n`)}${hint === undefined ? undefined : markup`<p class="text"><strong>Hint:</strong> ${textOf(hint)}</p>\n`}<p class="quiet"><code>${code}</code></p>
</div>
`
}

function textOf(text: string): string {
  return longText(outputLines(text, { colors: false }).join('\n'))
}
