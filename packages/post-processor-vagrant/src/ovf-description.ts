/** What a box needs to know of the description of a machine. */
export interface OvfDescription {
  /** The files that belong to it: disks, variables of the firmware. In their order. */
  readonly files: readonly string[]
  /** The hardware address of the first network interface, twelve digits; absent when it was left out at the export. */
  readonly macAddress?: string
  /** VirtualBox's name of the guest's system: `Debian_64`. */
  readonly guestOsType?: string
}

/**
 * Reads the description of a machine in the Open Virtualization Format (DMTF DSP0243), with what VirtualBox adds to it. `undefined` for
 * what is none.
 */
export function parseOvf(xml: string): OvfDescription | undefined {
  const text = xml.replaceAll(/<!--[\s\S]*?-->/g, '')
  if (!/<(?:\w+:)?Envelope[\s>]/.test(text)) return undefined
  const references = /<(?:\w+:)?References[\s>]([\s\S]*?)<\/(?:\w+:)?References>/.exec(text)?.[1] ?? ''
  const files = tags(references, 'File').flatMap((tag) => attribute(tag, 'href') ?? [])
  const adapter = tags(text, 'Adapter').find((tag) => attribute(tag, 'slot') === '0' && attribute(tag, 'MACAddress') !== undefined)
  const macAddress = adapter === undefined ? undefined : attribute(adapter, 'MACAddress')
  const guestOsType =
    /<vbox:OSType[^>]*>([^<]+)</.exec(text)?.[1]?.trim() ?? tags(text, 'Machine').flatMap((tag) => attribute(tag, 'OSType') ?? [])[0]
  return { files, ...(macAddress !== undefined && { macAddress }), ...(guestOsType !== undefined && { guestOsType }) }
}

/** The processor that a guest of this type needs, as Vagrant names it. */
export function architectureOfGuest(guestOsType: string): string {
  if (/arm64$/i.test(guestOsType)) return 'arm64'
  return guestOsType.endsWith('_64') ? 'amd64' : 'i386'
}

/** The tags of a name, whatever their namespace. */
function tags(xml: string, name: string): string[] {
  return xml.match(new RegExp(String.raw`<(?:\w+:)?${name}\s[^>]*>`, 'g')) ?? []
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(String.raw`\s(?:\w+:)?${name}\s*=\s*(?:"([^"]*)"|'([^']*)')`).exec(tag)
  const value = found?.[1] ?? found?.[2]
  return value?.replaceAll(/&(?:(lt|gt|quot|apos|amp)|#(\d+)|#x([\da-fA-F]+));/g, (_, named: string, decimal: string, hex: string) =>
    named === undefined ? String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10)) : (entities[named] ?? ''),
  )
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
