import { optionSchema } from '@imago/core'
import * as v from 'valibot'

/** Roles and collections that a playbook needs from elsewhere. */
export interface GalaxyOptions {
  /**
   * A file of requirements (`requirements.yml`), relative to the definition. Its roles and collections are fetched once for each content of
   * the file, and kept: name versions in it. Packer: `galaxy_file`. @default none
   */
  readonly galaxyFile?: string
  /** The program, by name or path. Packer: `galaxy_command`. @default ansible-galaxy */
  readonly galaxyCommand?: string
  /** Fetch the requirements again, although they are there. Packer: `galaxy_force_install`. @default false */
  readonly galaxyForce?: boolean
  /** Folder where fetched roles and collections are kept, relative to the definition. @default `~/.cache/imago/ansible` */
  readonly galaxyCache?: string
}

/** The schema's entries for {@link GalaxyOptions}. */
export const galaxyEntries: v.ObjectEntries = {
  galaxyFile: v.optional(optionSchema.text),
  galaxyCommand: v.optional(optionSchema.text),
  galaxyForce: v.optional(v.boolean()),
  galaxyCache: v.optional(optionSchema.text),
}
