import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { randomUUID } from 'node:crypto'

import { openSealed, sealedType, sealMessage } from '../sealed-message.ts'
import type { XmlElement } from '../xml.ts'
import { escapeXml, findElement, parseXml } from '../xml.ts'
import { NtlmServer } from './ntlm-server.ts'
import type { ShellService } from './shell-service.ts'
import { Faulty } from './shell-service.ts'

/** Whom an endpoint lets in. */
export interface EndpointRules {
  readonly user: string
  readonly password: string
  readonly auth: readonly ('basic' | 'ntlm')[]
  /** Whether the way to it is: TLS. */
  readonly isEncrypted: boolean
  /** Whether it takes what is not encrypted. */
  readonly allowsPlain: boolean
}

const soapType = 'application/soap+xml;charset=UTF-8'

/** The HTTP side of the stand-in: logins, sealed messages, envelopes and faults. */
export class Endpoint {
  /** How often each operation was asked for. */
  readonly operations: Map<string, number> = new Map()
  readonly #faults = new Map<string, Faulty>()
  readonly #rules: EndpointRules
  readonly #shells: ShellService
  readonly #logins = new WeakMap<Socket, NtlmServer>()

  constructor(rules: EndpointRules, shells: ShellService) {
    this.#rules = rules
    this.#shells = shells
  }

  /** Answers the next request of this kind with a fault. */
  failNext(operation: string, fault: Faulty): void {
    this.#faults.set(operation, fault)
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer) // no encoding is set
      await this.#answer(request, Buffer.concat(chunks), response)
    } catch {
      request.socket.destroy() // the client is gone, or said nonsense
    }
  }

  async #answer(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const seal = this.#letIn(request, response)
    if (seal === 'refused') return
    if (request.method !== 'POST' || request.url !== '/wsman') {
      response.writeHead(404).end()
      return
    }
    const isSealed = /^multipart\/encrypted/i.test(request.headers['content-type'] ?? '')
    if (isSealed && seal?.seal === undefined) return this.#refuse(response)
    if (body.length === 0) {
      response.writeHead(200, { 'Content-Length': 0 }).end()
      return
    }
    if (!isSealed && !this.#rules.allowsPlain && !this.#rules.isEncrypted) return this.#refuse(response)
    const message = isSealed && seal?.seal !== undefined ? openSealed(seal.seal, body) : body
    const { status, text } = await this.#soap(parseXml(message.toString('utf8')))
    const answer = isSealed && seal?.seal !== undefined ? sealMessage(seal.seal, Buffer.from(text)) : Buffer.from(text)
    response.writeHead(status, { 'Content-Type': isSealed ? sealedType : soapType, 'Content-Length': answer.length }).end(answer)
  }

  /** @returns who came in, where that is a matter of the connection */
  #letIn({ headers, socket }: IncomingMessage, response: ServerResponse): NtlmServer | 'refused' | undefined {
    const { user, password, auth, isEncrypted, allowsPlain } = this.#rules
    const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(headers.authorization ?? '') ?? []
    const known = this.#logins.get(socket)
    if (scheme === '' && known?.seal !== undefined) return known
    if (/^basic$/i.test(scheme) && auth.includes('basic') && (isEncrypted || allowsPlain)) {
      const [, name = '', word] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, 'base64').toString('utf8')) ?? []
      if (name.toLowerCase() === user.toLowerCase() && word === password) return undefined
    }
    if (/^(?:negotiate|ntlm)$/i.test(scheme) && auth.includes('ntlm')) {
      const login = known ?? new NtlmServer({ user, password })
      this.#logins.set(socket, login)
      const answer = login.take(Buffer.from(value, 'base64'))
      if (answer === true) return login
      if (Buffer.isBuffer(answer)) {
        response.writeHead(401, { 'WWW-Authenticate': `${scheme} ${answer.toString('base64')}`, 'Content-Length': 0 }).end()
        return 'refused'
      }
    }
    this.#refuse(response)
    return 'refused'
  }

  #refuse(response: ServerResponse): void {
    const { auth } = this.#rules
    const offers = [...(auth.includes('ntlm') ? ['Negotiate'] : []), ...(auth.includes('basic') ? ['Basic realm="WSMAN"'] : [])]
    response.writeHead(401, { 'WWW-Authenticate': offers, 'Content-Length': 0 }).end()
  }

  async #soap(request: XmlElement): Promise<{ readonly status: number; readonly text: string }> {
    const isIdentify = findElement(request, 'Identify') !== undefined
    const action = findElement(request, 'Action')?.text.trim() ?? ''
    const operation = isIdentify ? 'Identify' : (action.split('/').at(-1) ?? '')
    this.operations.set(operation, (this.operations.get(operation) ?? 0) + 1)
    const relates = findElement(request, 'MessageID')?.text.trim() ?? ''
    try {
      const fault = this.#faults.get(operation)
      this.#faults.delete(operation)
      if (fault !== undefined) throw fault
      const body = isIdentify ? identity : await this.#shells.answer(operation, request)
      return { status: 200, text: envelope(`${action}Response`, relates, body) }
    } catch (error) {
      if (!(error instanceof Faulty)) throw error
      return { status: 500, text: envelope('http://schemas.dmtf.org/wbem/wsman/1/wsman/fault', relates, faultBody(error)) }
    }
  }
}

const identity =
  '<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">' +
  '<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>' +
  '<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>' +
  '<wsmid:ProductVersion>OS: 10.0.20348 SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse>'

function envelope(action: string, relatesTo: string, body: string): string {
  return (
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" ' +
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell" ' +
    'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">' +
    `<s:Header><a:Action>${escapeXml(action)}</a:Action><a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>` +
    '<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>' +
    `<a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`
  )
}

function faultBody({ subcode, number, message }: Faulty): string {
  return (
    `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:${subcode}</s:Value></s:Subcode></s:Code>` +
    `<s:Reason><s:Text xml:lang="en-US">${escapeXml(message)}</s:Text></s:Reason><s:Detail>` +
    `<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="${number}" Machine="localhost">` +
    `<f:Message>${escapeXml(message)}</f:Message></f:WSManFault></s:Detail></s:Fault>`
  )
}
