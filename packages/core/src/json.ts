/** Any value that survives `JSON.stringify` unchanged. Whatever crosses the runner's edge is made of this. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json
}
