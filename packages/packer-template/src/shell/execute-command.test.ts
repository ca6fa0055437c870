import { expect, test } from 'vitest'

import type { CommandPiece, CommandPieces } from './command-piece.ts'
import type { Execution } from './execute-command.ts'
import { understandCommand } from './execute-command.ts'

/** A command as the template has it, taken apart. */
function piecesOf(command: string): CommandPieces {
  return command.split(/(\{\{ ?\.(?:Vars|Path) ?\}\})/).flatMap((text): CommandPiece[] => {
    if (/Vars/.test(text)) return [{ kind: 'vars' }]
    if (/Path/.test(text)) return [{ kind: 'path' }]
    return text === '' ? [] : [{ kind: 'text', text }]
  })
}

const password = { kind: 'text', text: 'vagrant' } as const

const understood: readonly (readonly [command: string, execution: Partial<Execution>])[] = [
  ['chmod +x {{.Path}}; {{.Vars}} {{.Path}}', {}],
  ['{{.Vars}} {{.Path}}', {}],
  ["{{.Vars}} sudo sh '{{.Path}}'", { sudo: { preserveEnv: false }, interpreter: ['sh'] }],
  ["{{.Vars}} sudo -E sh '{{.Path}}'", { sudo: { preserveEnv: true }, interpreter: ['sh'] }],
  ["echo 'vagrant' | {{.Vars}} sudo -E -S bash '{{.Path}}'", { sudo: { preserveEnv: true, password }, interpreter: ['bash'] }],
  ["echo 'vagrant' | {{.Vars}} sudo -S -E sh -eux '{{.Path}}'", { sudo: { preserveEnv: true, password }, interpreter: ['sh', '-eux'] }],
  ["echo 'vagrant'|sudo -S sh '{{.Path}}'", { sudo: { preserveEnv: false, password }, interpreter: ['sh'] }],
  ["echo '' | {{.Vars}} sudo -S {{.Path}}", { sudo: { preserveEnv: false } }],
  ["printf '%s\\n' vagrant | sudo -S -u www -- {{.Path}}", { sudo: { user: 'www', preserveEnv: false, password } }],
  ["chmod +x {{ .Path }}; {{ .Vars }} sudo -E sh '{{ .Path }}'", { sudo: { preserveEnv: true }, interpreter: ['sh'] }],
  ["sudo sh -c '{{ .Vars }} {{ .Path }}'", { sudo: { preserveEnv: false } }],
  ["sudo sh -c '{{ .Vars }} pwsh -f {{ .Path }}'", { sudo: { preserveEnv: false }, interpreter: ['pwsh', '-f'] }],
  ["{{ .Vars }} exec sudo -E -S bash '{{ .Path }}'", { sudo: { preserveEnv: true }, interpreter: ['bash'] }],
  ['sudo env {{ .Vars }} {{ .Path }}', { sudo: { preserveEnv: false } }],
  ['sudo {{ .Vars }} bash {{ .Path }}', { sudo: { preserveEnv: false }, interpreter: ['bash'] }],
  [
    'DEBIAN_FRONTEND=noninteractive {{.Vars}} bash -e {{.Path}}',
    { interpreter: ['bash', '-e'], env: { DEBIAN_FRONTEND: 'noninteractive' } },
  ],
  ["{{.Vars}} sudo -H -E bash '{{.Path}}'", { sudo: { preserveEnv: true }, interpreter: ['bash'], env: { HOME: '/root' } }],
  ['chroot /mnt {{.Path}}', { wrap: ['chroot', '/mnt', { stands: 'argv' }] }],
  ["su -c '{{ .Vars }} {{ .Path }}' - user", { wrap: ['su', '-c', { stands: 'line' }, '-', 'user'] }],
]

test.for(understood)('%s', ([command, execution]) => {
  expect(understandCommand(piecesOf(command))).toEqual({ env: {}, ...execution })
})

test.for([
  '{{.Vars}} cmd /c C:/Windows/Temp/script.bat',
  '{{.Vars}} {{.Path}} > log',
  '{{.Vars}} {{.Path}} an argument',
  'cd /tmp && {{.Vars}} {{.Path}}',
  'if true; then {{.Path}}; fi',
  'sudo -i {{.Path}}',
  'sudo -H -u www {{.Path}}',
  "echo 'x' | su -c {{.Path}}",
  '{{.Vars}} $SHELL {{.Path}}',
  '{{.Path}}; {{.Path}}',
  "sh 'unclosed {{.Path}}",
  '',
])('%s is run as it stands', (command) => {
  expect(understandCommand(piecesOf(command))).toBeUndefined()
})
