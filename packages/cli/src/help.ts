import type { Flag, Flags } from './arguments.ts'

/** A command line that shows how to use a command, and what it does. */
interface Example {
  readonly command: string
  readonly does: string
}

/** What the help of a command says. */
export interface HelpText {
  /** `'imago build [file|folder …]'` */
  readonly usage: string
  /** What the command does: one or more sentences. */
  readonly description: string
  readonly flags: Flags
  readonly examples: readonly Example[]
}

const width = 100

/** The help of a command. */
export function formatHelp(text: HelpText): string {
  const flags = Object.entries(text.flags).map(([name, flag]): Row => [spell(name, flag), flag.help])
  return [
    `Usage: ${text.usage}`,
    wrap(text.description, width).join('\n'),
    ['Options:', ...formatRows(flags)].join('\n'),
    ['Examples:', ...text.examples.flatMap(({ command, does }) => [`  $ ${command}`, `      ${does}`])].join('\n'),
  ].join('\n\n')
}

/** A name and what is to be said of it. */
export type Row = readonly [name: string, text: string]

/** Two columns, the second one wrapped. */
export function formatRows(rows: readonly Row[]): string[] {
  const column = Math.max(...rows.map(([name]) => name.length)) + 4
  return rows.flatMap(([name, text]) =>
    wrap(text, width - column).map((line, index) => `${(index === 0 ? `  ${name}` : '').padEnd(column)}${line}`),
  )
}

function spell(name: string, flag: Flag): string {
  const short = flag.short === undefined ? '' : `-${flag.short}, `
  return `${short}--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
