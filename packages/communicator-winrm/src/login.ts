import { ImagoError } from '@imago/core'

import type { HttpAnswer, HttpCall, HttpChannel } from './http-channel.ts'
import type { NtlmLogin } from './ntlm/ntlm-hash.ts'
import { authenticateMessage, negotiateMessage, readChallenge } from './ntlm/ntlm-messages.ts'
import { NtlmSeal } from './ntlm/seal.ts'
import { openSealed, sealedType, sealMessage } from './sealed-message.ts'

/** How a request is sent. */
export type SoapCall = Omit<HttpCall, 'headers'>

/** A connection on which we are, or will be, logged in. */
export interface Login {
  /** Sends a request; logs in before, where that is to be done for each connection. */
  post(call: SoapCall): Promise<HttpAnswer>
}

const soapType = 'application/soap+xml;charset=UTF-8'

/** Sends the password with every request (RFC 7617). */
export function basicLogin(channel: HttpChannel, { user, password }: { readonly user: string; readonly password: string }): Login {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return {
    post: async (call) => await channel.post({ ...call, headers: { 'Content-Type': soapType, Authorization: authorization } }),
  }
}

/** What an NTLM login needs. */
export interface NtlmOptions extends NtlmLogin {
  /** Whether messages are encrypted: over HTTP. */
  readonly seals: boolean
}

/** Logs each connection in with NTLM (MS-NTHT), and encrypts what goes over it (MS-WSMV, 2.2.9.1). */
export class NtlmConnection implements Login {
  readonly #channel: HttpChannel
  readonly #options: NtlmOptions
  #seal: NtlmSeal | undefined

  constructor(channel: HttpChannel, options: NtlmOptions) {
    this.#channel = channel
    this.#options = options
  }

  async post(call: SoapCall): Promise<HttpAnswer> {
    if (this.#seal !== undefined) {
      const answer = await this.#send(call, this.#seal)
      if (answer.status !== 401) return answer
    }
    // the first time, or the connection is another one since: what has been refused has not been done
    const outcome = await this.#logIn(call)
    if (!(outcome instanceof NtlmSeal)) return outcome
    this.#seal = outcome
    return await this.#send(call, outcome)
  }

  async #send(call: SoapCall, seal: NtlmSeal): Promise<HttpAnswer> {
    if (!this.#options.seals) return await this.#channel.post({ ...call, headers: { 'Content-Type': soapType } })
    const answer = await this.#channel.post({
      ...call,
      headers: { 'Content-Type': sealedType },
      body: sealMessage(seal, call.body),
    })
    if (!/^multipart\/encrypted/i.test(answer.headers['content-type'] ?? '')) return answer
    try {
      return { ...answer, body: openSealed(seal, answer.body) }
    } catch (cause) {
      throw new ImagoError('NETWORK', 'an encrypted answer cannot be opened', { cause })
    }
  }

  /** @returns what seals messages from now on; or the answer, when the machine does not let us in */
  async #logIn(call: SoapCall): Promise<HttpAnswer | NtlmSeal> {
    this.#seal = undefined
    const negotiate = negotiateMessage()
    const say = async (message: Buffer): Promise<HttpAnswer> =>
      await this.#channel.post({
        ...call,
        headers: { 'Content-Type': soapType, Authorization: `Negotiate ${message.toString('base64')}` },
        body: Buffer.alloc(0),
      })
    const answer = await say(negotiate)
    const challenge = challengeOf(answer)
    if (answer.status !== 401 || challenge === undefined) return answer
    const { message, sessionKey } = authenticateMessage(this.#options, negotiate, readChallenge(challenge))
    const outcome = await say(message)
    return outcome.status === 401 ? outcome : new NtlmSeal(sessionKey, 'client')
  }
}

/** The challenge in an answer, when it has one. */
function challengeOf({ headers }: HttpAnswer): Buffer | undefined {
  const text = /(?:Negotiate|NTLM)\s+([A-Za-z0-9+/=]+)/i.exec(headers['www-authenticate'] ?? '')?.[1]
  return text === undefined ? undefined : Buffer.from(text, 'base64')
}
