/** Folders of a template that is being read. */
export interface TemplateFolders {
  /** What relative paths are relative to. Absolute. */
  readonly directory: string
  /** The template's own. Absolute. */
  readonly template: string
}
