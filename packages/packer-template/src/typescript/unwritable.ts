/** A text of a template that has no counterpart in TypeScript that a person would write. */
export class Unwritable extends Error {
  override readonly name: string = 'Unwritable'
}
