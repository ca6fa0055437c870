/** The version of Packer whose templates are read here. */
export const packerVersion = '1.16.0'

const versionForm = /^\d+(?:\.\d+){0,2}(?:-[\w.]+)?$/

/** Whether a text is a version. */
export function isVersion(text: string): boolean {
  return versionForm.test(text)
}

/** Whether a template that needs this version can be read. */
export function isSupportedVersion(wanted: string): boolean {
  const [own, theirs] = [packerVersion, wanted].map((version) => version.replace(/-.*$/, '').split('.').map(Number))
  for (const index of [0, 1, 2]) {
    const difference = (own?.[index] ?? 0) - (theirs?.[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
