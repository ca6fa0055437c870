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

/** A length of time for a display that counts: whole seconds, `7s`, `1m02s`, `2h05m`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`
}
