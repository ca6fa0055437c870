import { basename } from 'node:path'

/** The name of the image of a template: that of its file, as far as an image can have it. */
export function imageName(file: string): string {
  const name = basename(file)
    .replace(/\.json$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, separator)
  return trimmed(name) || 'template'
}

/** The name of a build, as far as a build can have it. */
export function buildName(name: string): string {
  return trimmed(name.replaceAll(/[^A-Za-z0-9]+/g, separator)) || 'build'
}

/** What stands between letters and digits: one `.`, `_` or `-` stays, whatever else becomes `-`. */
function separator(text: string): string {
  return /^[._-]$/.test(text) ? text : '-'
}

function trimmed(name: string): string {
  return name.replace(/^[._-]+/, '').replace(/[._-]+$/, '')
}
