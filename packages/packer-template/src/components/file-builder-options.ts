/** What {@link fileBuilder} takes. */
export type FileBuilderOptions = {
  /** The file that is written, relative to the definition. What is there is replaced when the new one is whole. */
  readonly path: string
} & (
  | {
      /** A file of this machine that is copied. */
      readonly source: string
      readonly content?: never
    }
  | {
      /** What the file holds. */
      readonly content: string
      readonly source?: never
    }
)
