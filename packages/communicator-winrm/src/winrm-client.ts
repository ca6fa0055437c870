import { ImagoError, messageOf } from '@imago/core'

import type { Request } from './envelope.ts'
import { envelope, identifyEnvelope } from './envelope.ts'
import { faultIn, WinrmFault } from './fault.ts'
import type { Endpoint, HttpAnswer } from './http-channel.ts'
import { HttpChannel, urlOf } from './http-channel.ts'
import type { Login } from './login.ts'
import { basicLogin, NtlmConnection } from './login.ts'
import { refusal } from './refusal.ts'
import type { XmlElement } from './xml.ts'
import { findElement, parseXml } from './xml.ts'

/** How much longer an answer may take than the machine itself takes for it, in milliseconds. */
const onTheWayMs = 40_000
/** A machine closes connections that are not used for two minutes; these are not used any more before that. */
const idleMs = 60_000

/** Who logs in. */
export interface Credentials {
  readonly auth: 'basic' | 'ntlm'
  readonly user: string
  readonly password: string
}

/** An answer that is none of WS-Management. */
class OddAnswer extends ImagoError {
  /** Of HTTP. */
  readonly status: number

  constructor(target: string, status: number) {
    super('NETWORK', `${target} answers with status ${status} and no SOAP`, {
      hint: 'check that it is WinRM that listens there, and no proxy is in between',
    })
    this.status = status
  }
}

interface Connection {
  readonly channel: HttpChannel
  readonly login: Login
  usedAt: number
}

/** WS-Management with one machine: as many connections as there are requests at once, which are kept. */
export class WinrmClient {
  readonly #endpoint: Endpoint
  readonly #credentials: Credentials
  readonly #idle: Connection[] = []
  #closed = false

  constructor(endpoint: Endpoint, credentials: Credentials) {
    this.#endpoint = endpoint
    this.#credentials = credentials
  }

  /** `host:port`. */
  get target(): string {
    return `${this.#endpoint.host}:${this.#endpoint.port}`
  }

  /**
   * Sends a request and gives the answer's body.
   * @throws ImagoError `NETWORK`, `AUTHENTICATION_FAILED`, `UNSUPPORTED` when it does not take logins of our kind, a {@link WinrmFault}, or
   * the signal's reason
   */
  async request(what: string, request: Request, signal: AbortSignal): Promise<XmlElement> {
    return await this.#exchange(what, envelope(urlOf(this.#endpoint), request), request.timeoutSeconds * 1000 + onTheWayMs, signal)
  }

  /** Asks what runs there: `OS: 10.0.20348 SP: 0.0 Stack: 3.0`; empty when somebody answers and does not say. @throws as {@link request} */
  async identify(timeoutMs: number, signal: AbortSignal): Promise<string> {
    try {
      const answer = await this.#exchange('cannot ask the machine what it is', identifyEnvelope, timeoutMs, signal)
      return findElement(answer, 'ProductVersion')?.text.trim() ?? ''
    } catch (error) {
      if (error instanceof WinrmFault || error instanceof OddAnswer) return ''
      throw error
    }
  }

  /** Closes the connections. */
  close(): void {
    this.#closed = true
    this.drop()
  }

  /** Closes the connections that nobody uses. New ones are made when they are needed. */
  drop(): void {
    for (const { channel } of this.#idle.splice(0)) channel.close()
  }

  async #exchange(what: string, message: string, timeoutMs: number, signal: AbortSignal): Promise<XmlElement> {
    const connection = this.#connection()
    const answer = await connection.login.post({ body: Buffer.from(message), timeoutMs, signal }).catch((error: unknown) => {
      connection.channel.close()
      throw error
    })
    this.#keep(connection)
    return this.#read(what, answer)
  }

  #connection(): Connection {
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      if (performance.now() - kept.usedAt < idleMs) return kept
      kept.channel.close()
    }
    const channel = new HttpChannel(this.#endpoint)
    return { channel, login: this.#login(channel), usedAt: 0 }
  }

  #keep(connection: Connection): void {
    connection.usedAt = performance.now()
    if (this.#closed) connection.channel.close()
    else this.#idle.push(connection)
  }

  #login(channel: HttpChannel): Login {
    const { auth, user, password } = this.#credentials
    if (auth === 'basic') return basicLogin(channel, { user, password })
    const [, domain = '', name = user] = /^([^\\]+)\\(.*)$/.exec(user) ?? []
    return new NtlmConnection(channel, { user: name, domain, password, seals: this.#endpoint.tls === undefined })
  }

  #read(what: string, answer: HttpAnswer): XmlElement {
    const { auth, user } = this.#credentials
    if (answer.status === 401) throw refusal(answer, { auth, user, target: this.target, isPlain: this.#endpoint.tls === undefined })
    const document = documentIn(answer)
    const fault = document === undefined ? undefined : faultIn(document)
    if (fault !== undefined) throw new WinrmFault(what, fault)
    if (answer.status === 200 && document !== undefined) return document
    throw new OddAnswer(this.target, answer.status)
  }
}

/** An answer's XML; `undefined` when it has none. */
function documentIn({ headers, body }: HttpAnswer): XmlElement | undefined {
  if (!/soap\+xml|multipart\/encrypted/i.test(headers['content-type'] ?? '')) return undefined
  try {
    return parseXml(body.toString('utf8'))
  } catch (cause) {
    throw new ImagoError('NETWORK', `an answer of WinRM cannot be read: ${messageOf(cause)}`, { cause })
  }
}
