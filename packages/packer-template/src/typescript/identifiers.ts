/** Words of the language, and names that a written file has already. */
const reserved: ReadonlySet<string> = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements ' +
    'import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void ' +
    'while with yield undefined process crypto facts argv line p z parameters now directory year month day hour minute second millisecond'
  ).split(' '),
)

/** Names that a file declares: each once. */
export class Identifiers {
  readonly #taken = new Set<string>()

  /** A name like this one that nothing else has. */
  take(wanted: string): string {
    let name = wanted
    for (let number = 2; reserved.has(name) || this.#taken.has(name); number++) name = `${wanted}${number}`
    this.#taken.add(name)
    return name
  }

  /** Whether a name is free as it is. */
  isFree(name: string): boolean {
    return !reserved.has(name) && !this.#taken.has(name)
  }
}

/** A variable's name as a constant would be called: `vm_name` is `vmName`. */
export function camelCase(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const joined = words.map((word, index) => (index === 0 ? lowerFirst(word) : word.charAt(0).toUpperCase() + word.slice(1))).join('')
  return /^[A-Za-z]/.test(joined) ? joined : `value${joined}`
}

function lowerFirst(word: string): string {
  return word === word.toUpperCase() ? word.toLowerCase() : word.charAt(0).toLowerCase() + word.slice(1)
}
