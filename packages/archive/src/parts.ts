/** Bytes that are used up before the next ones are asked for: what holds them is used again then. */
export type Parts = readonly Uint8Array[]
