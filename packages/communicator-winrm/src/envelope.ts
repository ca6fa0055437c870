import { randomUUID } from 'node:crypto'

import { escapeXml } from './xml.ts'

const shell = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
const transfer = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'

/** One of the operations of a remote shell. */
export type Operation = 'create' | 'delete' | 'command' | 'receive' | 'send' | 'signal'

/** What a request asks for (MS-WSMV, 3.1.4). */
const actions: Readonly<Record<Operation, string>> = {
  create: `${transfer}/Create`,
  delete: `${transfer}/Delete`,
  command: `${shell}/Command`,
  receive: `${shell}/Receive`,
  send: `${shell}/Send`,
  signal: `${shell}/Signal`,
}

/** A request to a machine. */
export interface Request {
  readonly operation: Operation
  /** The shell that it is about. */
  readonly shellId?: string
  readonly options?: Readonly<Record<string, string>>
  /** How long the machine may take to answer, in seconds. */
  readonly timeoutSeconds: number
  /** XML. It may use the prefix `rsp`. */
  readonly body: string
}

const prefixes = [
  's="http://www.w3.org/2003/05/soap-envelope"',
  'a="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
  'w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"',
  'p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"',
  `rsp="${shell}"`,
]
  .map((each) => ` xmlns:${each}`)
  .join('')

/** How large answers may be, in bytes: what Windows' own PowerShell asks for. */
const maxAnswerBytes = 512_000

/** A request as SOAP (DSP0226; MS-WSMV, 3.1.4.1). @param url the endpoint, as the client reaches it */
export function envelope(url: string, { operation, shellId, options = {}, timeoutSeconds, body }: Request): string {
  const must = ' s:mustUnderstand="true"'
  const selectors =
    shellId === undefined ? '' : `<w:SelectorSet><w:Selector Name="ShellId">${escapeXml(shellId)}</w:Selector></w:SelectorSet>`
  const given = Object.entries(options).map(([name, value]) => `<w:Option Name="${escapeXml(name)}">${escapeXml(value)}</w:Option>`)
  return (
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope${prefixes}><s:Header><a:To>${escapeXml(url)}</a:To>` +
    `<a:ReplyTo><a:Address${must}>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>` +
    `<a:Action${must}>${actions[operation]}</a:Action><a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>` +
    `<w:ResourceURI${must}>${shell}/cmd</w:ResourceURI>` +
    `<w:MaxEnvelopeSize${must}>${maxAnswerBytes}</w:MaxEnvelopeSize>` +
    `<w:OperationTimeout>PT${timeoutSeconds}S</w:OperationTimeout>` +
    `<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>` +
    `${selectors}${given.length === 0 ? '' : `<w:OptionSet>${given.join('')}</w:OptionSet>`}` +
    `</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  )
}

/** Asks a machine what it is (DSP0226, 11). */
export const identifyEnvelope: string =
  '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
  'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'
