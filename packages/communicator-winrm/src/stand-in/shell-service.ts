import { randomUUID } from 'node:crypto'

import type { XmlElement } from '../xml.ts'
import { escapeXml, findElement } from '../xml.ts'
import type { Drive } from './drive.ts'
import type { JobHandler } from './job.ts'
import { RunningCommand } from './running-command.ts'

/** A fault, as an error that becomes an answer. */
export class Faulty extends Error {
  readonly subcode: string
  readonly number: number

  constructor(subcode: string, number: number, message: string) {
    super(message)
    this.subcode = subcode
    this.number = number
  }
}

/** Limits of the stand-in. */
export interface ShellLimits {
  /** How many commands a shell takes. */
  readonly operationsPerShell: number
  /** How many shells there may be. */
  readonly shells: number
}

interface Shell {
  readonly env: ReadonlyMap<string, string>
  readonly cwd: string
  readonly commands: Map<string, RunningCommand>
  operations: number
}

const uri = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'

/** The shells of a machine, and the operations that MS-WSMV has for them. */
export class ShellService {
  readonly #shells = new Map<string, Shell>()
  readonly #limits: ShellLimits
  readonly #drive: Drive
  readonly #run: JobHandler
  /** The command lines that came, in order. */
  readonly lines: string[] = []

  constructor(drive: Drive, limits: ShellLimits, run: JobHandler) {
    this.#drive = drive
    this.#limits = limits
    this.#run = run
  }

  /** How many shells there are. */
  get size(): number {
    return this.#shells.size
  }

  /** Ends everything. */
  clear(): void {
    for (const id of this.#shells.keys()) this.#delete(id)
  }

  /** Does what a request asks for. @returns the body of the answer. @throws Faulty */
  async answer(operation: string, request: XmlElement): Promise<string> {
    if (operation === 'Create') return this.#create(request)
    const id = findElement(request, 'Selector')?.text ?? ''
    const shell = this.#shells.get(id)
    if (shell === undefined) {
      const message = `The request for the Windows Remote Shell with ShellId ${id} failed because the shell was not found on the server.`
      throw new Faulty('InvalidSelectors', 2_150_858_843, message)
    }
    switch (operation) {
      case 'Delete':
        this.#delete(id)
        return ''
      case 'Command':
        return this.#command(shell, request)
      case 'Receive':
        return await this.#receive(shell, request)
      case 'Send':
        return this.#send(shell, request)
      case 'Signal':
        return this.#signal(shell, request)
      default:
        throw new Faulty('ActionNotSupported', 2_150_858_752, `The action ${operation} is not supported.`)
    }
  }

  #create(request: XmlElement): string {
    if (this.#shells.size >= this.#limits.shells) {
      throw new Faulty('QuotaLimit', 2_150_859_173, `This user is allowed a maximum number of ${this.#limits.shells} concurrent shells.`)
    }
    const id = randomUUID().toUpperCase()
    const given = findElement(request, 'Environment')?.children ?? []
    const env = new Map([
      ['TEMP', 'C:\\Users\\Administrator\\AppData\\Local\\Temp'],
      ['COMPUTERNAME', 'WIN'],
      ...given.map(({ attributes, text }) => [(attributes['Name'] ?? '').toUpperCase(), text] as const),
    ])
    const cwd = findElement(request, 'WorkingDirectory')?.text ?? 'C:\\Users\\Administrator'
    this.#shells.set(id, { env, cwd, commands: new Map(), operations: 0 })
    return (
      `<x:ResourceCreated><a:Address>http://localhost/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>${uri}/cmd</w:ResourceURI>` +
      `<w:SelectorSet><w:Selector Name="ShellId">${id}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>` +
      `<rsp:Shell><rsp:ShellId>${id}</rsp:ShellId><rsp:State>Connected</rsp:State></rsp:Shell>`
    )
  }

  #delete(id: string): void {
    for (const command of this.#shells.get(id)?.commands.values() ?? []) command.stop()
    this.#shells.delete(id)
  }

  #command(shell: Shell, request: XmlElement): string {
    if (++shell.operations > this.#limits.operationsPerShell) {
      const most = this.#limits.operationsPerShell
      throw new Faulty('QuotaLimit', 2_150_859_174, `This user is allowed a maximum number of ${most} concurrent operations.`)
    }
    const line = findElement(request, 'CommandLine')
    const [command = '', ...args] = line?.children.map(({ text }) => text) ?? []
    const text = [command, ...args].join(' ')
    const id = randomUUID().toUpperCase()
    this.lines.push(text)
    shell.commands.set(id, new RunningCommand(text, { env: shell.env, cwd: shell.cwd, drive: this.#drive }, this.#run))
    return `<rsp:CommandResponse><rsp:CommandId>${id}</rsp:CommandId></rsp:CommandResponse>`
  }

  async #receive(shell: Shell, request: XmlElement): Promise<string> {
    const id = findElement(request, 'DesiredStream')?.attributes['CommandId'] ?? ''
    const seconds = Number(/^PT(\d+)(?:\.\d+)?S$/.exec(findElement(request, 'OperationTimeout')?.text ?? '')?.[1] ?? 60)
    const heard = await commandOf(shell, id).hear(seconds * 1000)
    if (heard === undefined)
      throw new Faulty(
        'TimedOut',
        2_150_858_793,
        'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.',
      )
    const streams = heard.output.map(
      ({ stream, bytes }) => `<rsp:Stream Name="${stream}" CommandId="${id}">${bytes.toString('base64')}</rsp:Stream>`,
    )
    const isOver = heard.exitCode !== undefined
    const ends = isOver ? ['stdout', 'stderr'].map((name) => `<rsp:Stream Name="${name}" CommandId="${id}" End="true"></rsp:Stream>`) : []
    const state = `${uri}/CommandState/${isOver ? 'Done' : 'Running'}`
    const code = isOver ? `<rsp:ExitCode>${heard.exitCode}</rsp:ExitCode>` : ''
    return (
      `<rsp:ReceiveResponse>${streams.join('')}${ends.join('')}` +
      `<rsp:CommandState CommandId="${id}" State="${state}">${code}</rsp:CommandState></rsp:ReceiveResponse>`
    )
  }

  #send(shell: Shell, request: XmlElement): string {
    for (const { attributes, text } of findElement(request, 'Send')?.children ?? []) {
      const command = commandOf(shell, attributes['CommandId'] ?? '')
      if (command.isOver) throw new Faulty('InternalError', 232, 'The pipe is being closed.')
      command.stdin.write(Buffer.from(text, 'base64'))
      if (/^true$/i.test(attributes['End'] ?? '')) command.stdin.end()
    }
    return '<rsp:SendResponse/>'
  }

  #signal(shell: Shell, request: XmlElement): string {
    const id = findElement(request, 'Signal')?.attributes['CommandId'] ?? ''
    const code = findElement(request, 'Code')?.text.trim() ?? ''
    commandOf(shell, id).stop()
    if (code.endsWith('/terminate')) shell.commands.delete(id)
    return '<rsp:SignalResponse/>'
  }
}

function commandOf(shell: Shell, id: string): RunningCommand {
  const command = shell.commands.get(id)
  if (command === undefined) throw new Faulty('InvalidParameter', 2_150_858_887, `There is no command ${escapeXml(id)}.`)
  return command
}
