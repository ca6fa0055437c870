const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** A number of bytes for people, in powers of 1000: `999 B`, `1.5 kB`, `23 MB`. */
export function formatSize(bytes: number): string {
  let value = bytes
  let index = 0
  while (value >= 999.5 && index < units.length - 1) {
    value /= 1000
    index++
  }
  return `${index > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[index]}`
}
