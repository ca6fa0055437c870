import { transform } from 'sucrase'

/** The code of a module without TypeScript's types, lines where they were. @throws Error for what it cannot read */
export function stripTypes(source: string, path: string): string {
  return transform(source, { transforms: ['typescript'], disableESTransforms: true, filePath: path }).code
}
