/** A text of at most so many characters, and an ellipsis where more were there. No character is cut in two. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…` : text
}
