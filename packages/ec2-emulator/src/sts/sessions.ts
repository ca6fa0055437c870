/** Credentials that were given out, by their access keys. */
export interface Session {
  /** `arn:aws:sts::123456789012:assumed-role/builder/imago` */
  readonly arn: string
  readonly userId: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}
