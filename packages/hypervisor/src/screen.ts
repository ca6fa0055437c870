/** The machine's screen. */
export interface Screen {
  /** A picture of it: a PNG file, or a PPM file (P6). */
  capture(signal: AbortSignal): Promise<Uint8Array>
}
