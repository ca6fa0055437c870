/** Imago's own packages that `imago sweep` and `imago doctor` ask. They are imported only where they are installed. */
export const firstPartyPackages: readonly string[] = ['@imago/builder-docker', '@imago/builder-oci', '@imago/post-processor-docker']
