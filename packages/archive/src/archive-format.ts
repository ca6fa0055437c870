/** What is written: an archive of all files, or (`gz`, `zst`) a single file compressed. */
export type ArchiveFormat = 'tar.gz' | 'tar.zst' | 'tar' | 'zip' | 'gz' | 'zst'

/** What a format can. */
export interface FormatTraits {
  /** How the names of its files end. */
  readonly endings: readonly string[]
  /** The lowest and the highest level, where it has any. */
  readonly levels?: readonly [lowest: number, highest: number]
  /** Whether it works on several cores. */
  readonly parallel: boolean
  /** Whether it holds one file only, and not its name. */
  readonly single: boolean
}

/** Every format; of two endings that fit a name, the first is meant. */
export const archiveFormats: Readonly<Record<ArchiveFormat, FormatTraits>> = {
  'tar.gz': { endings: ['.tar.gz', '.tgz'], levels: [0, 9], parallel: true, single: false },
  'tar.zst': { endings: ['.tar.zst', '.tzst'], levels: [1, 22], parallel: true, single: false },
  tar: { endings: ['.tar'], parallel: false, single: false },
  zip: { endings: ['.zip'], levels: [0, 9], parallel: false, single: false },
  gz: { endings: ['.gz'], levels: [0, 9], parallel: true, single: true },
  zst: { endings: ['.zst'], levels: [1, 22], parallel: true, single: true },
}

/** The names of all formats. */
export const formatNames: readonly ArchiveFormat[] = ['tar.gz', 'tar.zst', 'tar', 'zip', 'gz', 'zst']

/** The format that a file's name asks for, in capitals too; `undefined` when it names none. */
export function formatOfName(name: string): ArchiveFormat | undefined {
  const lower = name.toLowerCase()
  return formatNames.find((format) => archiveFormats[format].endings.some((ending) => lower.endsWith(ending)))
}
