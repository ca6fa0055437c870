import { cut } from './cut.ts'
import { singleLine } from './output-text.ts'

/** A name or a title is cut to so many characters. */
const longest = 200
/** What means something within a line, to Markdown or to GitHub: names of people, numbers of issues, emoji, formulas. */
const marks = /[\\`*_[\]#|~@:$]/g

/** Text in one line that Markdown, as GitHub reads it, shows as it is, also in a table. */
export function escapeMarkdown(text: string): string {
  return lineOf(text)
    .replaceAll(marks, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

/** Text in one line as code, also in a table. */
export function codeSpan(text: string): string {
  const code = lineOf(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<code>${code.replaceAll(marks, (character) => `&#${character.charCodeAt(0)};`)}</code>`
}

/** Lines as a block of code, whatever is in them. */
export function codeBlock(text: string): string {
  const longestRun = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(Math.max(3, longestRun + 1))
  return `${fence}text\n${text}\n${fence}`
}

/** A table of cells that are Markdown already. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function lineOf(text: string): string {
  return cut(singleLine(text), longest)
}
