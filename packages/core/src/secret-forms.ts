/** Forms shorter than this would mask what has nothing to do with the secret. */
export const shortestForm = 4
/** Where `base64` (RFC 2045) and `openssl base64` (RFC 7468) break their lines. */
const base64LineLengths = [76, 64]

/**
 * The forms in which a secret may show up in output: as it is, line by line, and as base64 (also in the middle of something longer, and
 * broken into lines), hex, URL, JSON and shell encodings.
 */
export function secretForms(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim())
  const parts = [...new Set([value, value.trim(), ...lines])].filter((part) => part.length >= shortestForm)
  return [...new Set(parts.flatMap(encodings))].filter((form) => form.length >= shortestForm)
}

function encodings(text: string): string[] {
  const bytes = Buffer.from(text)
  const url = encodeURIComponent(text)
  const strictUrl = url.replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  const json = JSON.stringify(text).slice(1, -1)
  return [
    text,
    ...base64Forms(bytes),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    url,
    strictUrl,
    strictUrl.replaceAll('%20', '+'),
    strictUrl.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    json,
    json.replaceAll('/', '\\/'),
    json.replaceAll(/[^\u0020-\u007e]/g, jsonEscape),
    json.replaceAll(/[<>&]/g, jsonEscape),
    text.replaceAll("'", `'\\''`),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll(/["$`\\]/g, '\\$&'),
    text.replaceAll(/[^\w@%+=:,./-]/g, '\\$&'),
  ]
}

/**
 * Base64 with and without padding, and what the bytes turn into at each of the three offsets within a longer base64 text: the
 * characters that depend on neighbours are left out.
 */
function base64Forms(bytes: Buffer): string[] {
  const plain = bytes.toString('base64')
  const inside = [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
    const first = Math.ceil((offset * 8) / 6)
    const last = Math.floor((shifted.length * 8) / 6)
    return shifted.toString('base64').slice(first, last)
  })
  const forms = [plain, plain.replaceAll('=', ''), ...inside.filter((form) => form.length >= 6)]
  return [...forms, ...base64Lines(inside[0] ?? ''), ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))]
}

/** The lines that base64 of the secret is broken into. */
function base64Lines(text: string): string[] {
  return base64LineLengths
    .filter((length) => text.length > length)
    .flatMap((length) =>
      Array.from({ length: Math.ceil(text.length / length) }, (_, line) => text.slice(line * length, (line + 1) * length)),
    )
}

/** As Python writes what is not ASCII, and Go what is special in HTML. */
function jsonEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
