/** Something wrong in a template's text. The message is in lower case and says what. */
export class LanguageError extends Error {
  override readonly name: string = 'LanguageError'
}
