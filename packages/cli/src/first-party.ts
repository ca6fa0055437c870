/** Imago's own packages of builders, which `imago sweep` and `imago doctor` ask. They are imported only where they are installed. */
export const firstPartyPackages: readonly string[] = [
  '@imago/builder-docker',
  '@imago/builder-oci',
  '@imago/builder-qemu',
  '@imago/builder-virtualbox',
  '@imago/builder-amazon',
]
