import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { ImagoError } from '@imago/core'

import type { VirtualBox } from '../src/virtualbox.ts'

/** A machine of {@link FakeVirtualBox}. */
export interface FakeMachineState {
  readonly uuid: string
  readonly folder: string
  state: string
  /** Shown by `showvminfo`, beside the rest. */
  readonly info: Map<string, string>
  readonly snapshots: string[]
}

/** VirtualBox in memory, as far as builds use it: machines that are made, run, and go; the commands that were given. */
export class FakeVirtualBox implements VirtualBox {
  readonly commands: string[][] = []
  readonly machines = new Map<string, FakeMachineState>()
  version = 'WARNING: The character device /dev/vboxdrv does not exist.\n\t Please install the package\n\n7.2.22_Debianr174163\n'
  /** Where the Guest Additions are that came with it. @default nowhere */
  guestAdditions = ''
  /** How often a machine that runs is looked at before it goes off by itself. @default it runs on */
  looksUntilOff = Number.POSITIVE_INFINITY
  /** Fails the commands that begin with these words. */
  failing: { readonly words: string; readonly error: Error } | undefined

  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Registers a machine that is off. */
  add(name: string, folder: string = join(this.#folder, name)): FakeMachineState {
    const machine = { uuid: `uuid-of-${name}`, folder, state: 'poweroff', info: new Map<string, string>(), snapshots: [] }
    this.machines.set(name, machine)
    return machine
  }

  /** The commands that begin with a word, as text. */
  said(verb: string): readonly string[] {
    return this.commands.filter(([first]) => first === verb).map((command) => command.join(' '))
  }

  async manage(command: readonly string[]): Promise<string> {
    this.commands.push([...command])
    const { failing } = this
    if (failing !== undefined && command.join(' ').startsWith(failing.words)) throw failing.error
    const [verb = '', name = ''] = command
    switch (verb) {
      case '--version':
        return this.version
      case 'list':
        return name === 'vms'
          ? [...this.machines].map(([vm, { uuid }]) => `"${vm}" {${uuid}}\n`).join('')
          : `Default machine folder: ${this.#folder}\nDefault Guest Additions ISO: ${this.guestAdditions}\n`
      case 'createvm':
      case 'import':
      case 'clonevm':
        return this.#register(command)
      case 'showvminfo':
        return this.#show(name)
      case 'startvm':
        this.#machine(name).state = 'running'
        return ''
      case 'controlvm':
        return await this.#control(command)
      case 'unregistervm':
        this.machines.delete(this.#nameOf(name))
        return ''
      case 'modifyvm':
        return this.#modify(command)
      case 'snapshot':
        return this.#snapshot(command)
      case 'export':
        return await this.#export(command)
      default:
        this.#machine(verb === 'createmedium' ? ([...this.machines.keys()].at(-1) ?? '') : name)
        return ''
    }
  }

  #nameOf(vm: string): string {
    return [...this.machines].find(([name, { uuid }]) => name === vm || uuid === vm)?.[0] ?? vm
  }

  #machine(vm: string): FakeMachineState {
    const machine = this.machines.get(this.#nameOf(vm))
    if (machine === undefined) throw new ImagoError('PROVIDER_FAILED', `VBoxManage: Could not find a registered machine named '${vm}'`)
    return machine
  }

  #register(command: readonly string[]): string {
    const name = valueOf(command, '--name') ?? valueOf(command, '--vmname') ?? ''
    this.add(name, join(valueOf(command, '--basefolder') ?? this.#folder, name))
    return ''
  }

  #show(vm: string): string {
    const machine = this.#machine(vm)
    if (machine.state === 'running' && this.looksUntilOff-- <= 0) machine.state = 'poweroff'
    const { state, uuid, folder, info, snapshots } = machine
    const lines = [
      ['name', this.#nameOf(vm)],
      ['UUID', uuid],
      ['VMState', state],
      ['GuestOSType', 'Debian_64'],
      ['CfgFile', join(folder, 'x.vbox')],
      ...snapshots.map((snapshot, index) => [`SnapshotName${'-1'.repeat(index)}`, snapshot]),
      ...(snapshots.length > 0 ? [['CurrentSnapshotName', snapshots.at(-1)]] : []),
      ...info,
    ]
    return lines.map(([key, value]) => `${key}="${value}"\n`).join('')
  }

  async #control([, vm = '', order, path = '']: readonly string[]): Promise<string> {
    const machine = this.#machine(vm)
    if (machine.state !== 'running') throw new ImagoError('PROVIDER_FAILED', `Machine '${vm}' is not currently running`)
    if (order === 'poweroff' || order === 'acpipowerbutton') machine.state = 'poweroff'
    if (order === 'screenshotpng') await writeFile(path, 'PNG')
    return ''
  }

  #modify(command: readonly string[]): string {
    const [, vm = ''] = command
    const machine = this.#machine(vm)
    const name = valueOf(command, '--name')
    if (name !== undefined) {
      this.machines.delete(this.#nameOf(vm))
      this.machines.set(name, machine)
    }
    const rule = valueOf(command, '--natpf1')
    if (rule === 'delete') machine.info.delete('Forwarding(0)')
    else if (rule !== undefined) machine.info.set('Forwarding(0)', rule)
    return ''
  }

  #snapshot([, vm = '', order, name = '']: readonly string[]): string {
    const { snapshots } = this.#machine(vm)
    if (order === 'take') snapshots.push(name)
    if (order === 'delete') snapshots.splice(snapshots.indexOf(name), 1)
    return ''
  }

  async #export(command: readonly string[]): Promise<string> {
    const path = valueOf(command, '--output') ?? ''
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, 'appliance')
    if (path.endsWith('.ovf')) {
      await writeFile(join(dirname(path), `${command[1] ?? ''}-disk001.vmdk`), 'disk')
      await writeFile(path.replace('.ovf', '.mf'), '.mf')
    }
    return ''
  }

  /** Removes what it has written. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function valueOf(command: readonly string[], option: string): string | undefined {
  const at = command.indexOf(option)
  return at === -1 ? undefined : command[at + 1]
}
