/** What goes into the image of a guest. It is one folder up, of the source as of what is built. */
export const guestFolder: URL = new URL('../guest/', import.meta.url)
