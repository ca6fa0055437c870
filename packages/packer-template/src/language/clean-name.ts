/** What stands in names of machine images everywhere. */
const unfit = /[^A-Za-z0-9()[\] ./\-'@_]/g

/** A text as it may be the name of an image: what may not stand there becomes `-`, as for `clean_resource_name` of the Amazon builders. */
export function cleanName(text: string): string {
  return text.replaceAll(unfit, '-')
}
