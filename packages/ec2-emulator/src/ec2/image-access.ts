import type { ImageResource } from '../state/region.ts'

/** Whether an account can launch instances from an image, and so sees it. */
export function canLaunch({ data, launchPermissions }: ImageResource, account: string): boolean {
  return data.OwnerId === account || data.Public === true || launchPermissions.users.has(account)
}
