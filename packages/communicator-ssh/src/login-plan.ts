import type { Credential } from './credentials.ts'

/** Which ways to log in are left, and which were tried. */
export class LoginPlan {
  readonly #credentials: readonly Credential[]
  readonly #tried: Credential[] = []
  readonly #accepted = new Set<Credential>()
  #left: Credential[]
  #offered: readonly string[] | undefined

  constructor(credentials: readonly Credential[]) {
    this.#credentials = credentials
    this.#left = [...credentials]
  }

  /**
   * The next way to try, of the methods that the server offers (unknown before the first attempt). `partial` says that it took the last
   * one and wants another beside it.
   */
  next(offered: readonly string[] | undefined, partial: boolean): Credential | undefined {
    this.#offered = offered ?? this.#offered
    const last = this.#tried.at(-1)
    if (partial && last !== undefined) {
      this.#accepted.add(last)
      this.#left = this.#credentials.filter((credential) => !this.#accepted.has(credential))
    }
    for (let credential = this.#left.shift(); credential !== undefined; credential = this.#left.shift()) {
      if (this.#offered !== undefined && !this.#offered.includes(wireMethod(credential))) continue
      this.#tried.push(credential)
      return credential
    }
    return undefined
  }

  /** What the server has taken, when it has let us in. */
  get taken(): readonly Credential[] {
    return [...this.#accepted, ...this.#tried.slice(-1)]
  }

  /** What was tried, and what the server offers: `tried publickey (id_ed25519); the server offers password`. */
  describe(): string {
    const tried = this.#tried.map((credential) =>
      credential.method === 'publickey'
        ? `publickey (${credential.label})`
        : credential.method === 'agent'
          ? 'the keys of the agent'
          : credential.method,
    )
    const offers = this.#offered === undefined ? '' : `; the server offers ${this.#offered.join(', ') || 'nothing more'}`
    if (this.#credentials.length === 0) return `there is no key, agent or password to try${offers}`
    return `tried ${tried.length === 0 ? 'nothing' : [...new Set(tried)].join(', ')}${offers}`
  }
}

/** The method's name in the protocol (RFC 4252): an agent only keeps the keys. */
function wireMethod(credential: Credential): string {
  return credential.method === 'agent' ? 'publickey' : credential.method
}
