/** The filters of a list of what has all these labels; a value of `undefined` means any. */
export function labelFilters(labels: Readonly<Record<string, string | undefined>>): string {
  const label = Object.entries(labels).map(([name, value]) => (value === undefined ? name : `${name}=${value}`))
  return JSON.stringify({ label })
}
