/** The filters of a list of what has all these labels; a value of `undefined` means any. Podman takes no empty list of them. */
export function labelFilters(labels: Readonly<Record<string, string | undefined>>): string {
  const label = Object.entries(labels).map(([name, value]) => (value === undefined ? name : `${name}=${value}`))
  return JSON.stringify(label.length === 0 ? {} : { label })
}
