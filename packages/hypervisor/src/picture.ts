import { ImagoError, messageOf } from '@imago/core'

/** A picture: three bytes a pixel (red, green, blue), row by row from the top. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

/**
 * Reads a PNG or a PPM file (P6, with 8 bits a colour).
 * @throws ImagoError `UNSUPPORTED` for anything else
 */
export async function decodePicture(bytes: Uint8Array, name: string): Promise<Picture> {
  try {
    return isPpm(bytes) ? decodePpm(bytes) : await decodePng(bytes)
  } catch (cause) {
    throw new ImagoError('UNSUPPORTED', `${name} is not a picture that can be read: ${messageOf(cause)}`, {
      cause,
      hint: 'give a PNG file',
    })
  }
}

function isPpm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x36
}

/** See ppm(5) of Netpbm. */
function decodePpm(bytes: Uint8Array): Picture {
  const header = /^P6\s(?:\s*#.*\n)*\s*(\d+)\s+(\d+)\s+255\s/.exec(Buffer.from(bytes.subarray(0, 1024)).toString('latin1'))
  if (header === null) throw new Error('it is not a PPM file with 8 bits a colour')
  const [width, height] = [Number(header[1]), Number(header[2])]
  const rgb = bytes.subarray(header[0].length, header[0].length + width * height * 3)
  if (rgb.length < width * height * 3) throw new Error('it ends too early')
  return { width, height, rgb }
}

async function decodePng(bytes: Uint8Array): Promise<Picture> {
  const { convertIndexedToRgb, decode } = await import('fast-png')
  const png = decode(bytes)
  const { width, height, palette } = png
  if (palette !== undefined) return { width, height, rgb: dropAlpha(convertIndexedToRgb(png), palette[0]?.length ?? 3) }
  const shift = png.depth === 16 ? 8 : 0
  if (png.depth < 8) throw new Error(`it has ${png.depth} bits a pixel`)
  const { channels, data } = png
  const rgb = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      rgb[pixel * 3 + colour] = (data[pixel * channels + (channels < 3 ? 0 : colour)] ?? 0) >> shift
    }
  }
  return { width, height, rgb }
}

function dropAlpha(data: Uint8Array, channels: number): Uint8Array {
  return channels === 3 ? data : data.filter((_, index) => index % channels < 3)
}
