/** A command of a line, and what stands before it. */
export interface SplitCommand {
  readonly text: string
  readonly after: '' | '&' | '&&' | '||'
}

/** Splits a line at `&`, `&&` and `||`, where neither quotes nor brackets nor carets hold them. */
export function splitCommands(line: string): readonly SplitCommand[] {
  const commands: SplitCommand[] = []
  let text = ''
  let after: SplitCommand['after'] = ''
  let depth = 0
  for (let at = 0, isQuoted = false; at < line.length; at++) {
    const character = line[at] ?? ''
    if (character === '^' && !isQuoted) {
      text += character + (line[++at] ?? '')
      continue
    }
    if (character === '"') isQuoted = !isQuoted
    if (!isQuoted && character === '(') depth++
    if (!isQuoted && character === ')') depth--
    const operator = isQuoted || depth > 0 ? undefined : /^(?:&&|\|\||&)/.exec(line.slice(at))?.[0]
    if (operator === undefined || /\d>$/.test(text)) {
      text += character
      continue
    }
    commands.push({ text: text.trim(), after })
    text = ''
    after = operator as SplitCommand['after'] // the pattern has no others
    at += operator.length - 1
  }
  commands.push({ text: text.trim(), after })
  return commands.filter((command) => command.text !== '')
}

/** The words of a command, without their quotes. */
export function splitWords(line: string): string[] {
  return (unescape(line).match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''))
}

/** Takes the carets away that keep characters from their meaning. */
export function unescape(line: string): string {
  let isQuoted = false
  return line.replaceAll(/\^(.)|"/gs, (found, kept?: string) => {
    if (kept === undefined) {
      isQuoted = !isQuoted
      return found
    }
    return isQuoted ? found : kept
  })
}
