import fc from 'fast-check'
import { expect, test } from 'vitest'

import { evaluate } from './evaluate.ts'
import { stringFunction } from './go-function.ts'
import { LanguageError } from './language-error.ts'
import { pureFunctions } from './packer-functions.ts'
import { parseTemplate } from './parser.ts'

const now = new Date('2026-11-22T20:07:59.024Z')
const variables: Readonly<Record<string, string>> = { a: 'hello-world', b: 'true', e: '' }
const functions = { ...pureFunctions(now), user: stringFunction(1, (name) => variables[name] ?? '') }

/** What a template prints, or what is wrong with it. */
function render(template: string): string {
  try {
    const nodes = parseTemplate(template, (name) => Object.hasOwn(functions, name))
    return evaluate(nodes, { dot: { Vars: "A='b'", Map: { x: 'y' }, List: ['p', 'q'] }, functions })
  } catch (error) {
    if (error instanceof LanguageError) return `error: ${error.message}`
    throw error
  }
}

/** Templates and what Packer 1.6.6 makes of them. */
const printed: readonly (readonly [template: string, text: string])[] = [
  ['plain', 'plain'],
  ['{{user `a`}}', 'hello-world'],
  ['{{ upper (user `a`) }}', 'HELLO-WORLD'],
  ['{{user `a` | upper}}', 'HELLO-WORLD'],
  ['{{lower "ABC" | upper | printf "%s"}}', 'ABC'],
  ['{{replace "o" "0" 1 "foo boo"}}', 'f0o boo'],
  ['{{replace_all "o" "0" "foo boo"}}', 'f00 b00'],
  ['{{user `a` | replace "l" "L" 1}}', 'heLlo-world'],
  [
    '{{replace "" "x" -1 "ab"}} {{replace_all "" "x" "ab"}} {{replace "a" "b" 0 "aaa"}} {{replace "a" "b" 1.0 "aaa"}}',
    'xaxbx xaxbx aaa baa',
  ],
  ['{{split "a-b-c" "-" 1}}', 'b'],
  ['{{split "a" "" 0}}|{{split "" "," 0}}', 'a|'],
  ['{{if eq (user `b`) "true"}}yes{{else}}no{{end}}', 'yes'],
  ['{{if user `e`}}yes{{else}}no{{end}}', 'no'],
  ['{{if true}}a{{else if false}}b{{else}}c{{end}}{{with $x := "y"}}{{$x}}{{.}}{{end}}', 'ayy'],
  ['{{$a := 1}}{{$a = 2}}{{$a}} {{with ""}}x{{else}}y{{end}}', '2 y'],
  ['{{with "x"}}{{.}}{{end}}', 'x'],
  ['{{printf "%05d|%s|%q|%v" 42 "x" "y" true}}', '00042|x|"y"|true'],
  ['{{"a" | printf "%s-%s" "b"}}', 'b-a'],
  ['{{isotime}} {{timestamp}}', '2026-11-22T20:07:59Z 1795378079'],
  ['{{isotime "20060102150405"}}', '20261122200759'],
  ['{{isotime "Mon Jan _2 15:04:05 2006"}}', 'Sun Nov 22 20:07:59 2026'],
  ['{{isotime "202205251531"}}', '22222259225920811'],
  ['{{isotime "Janet January Jan Mondayx Monx Monday Mon MST"}}', 'Janet November Nov Sundayx Monx Sunday Sun UTC'],
  [
    '{{isotime "_2006 __2 _2 002 003 PM pm .000 .999 ,000 -0700 -07:00 -07 Z07 Z0700 -07:00:00 Z07:00:00 Z070000 -070000"}}',
    '_2026 326 22 326 008 PM pm .024 .024 ,024 +0000 +00:00 +00 Z Z +00:00:00 Z Z +000000',
  ],
  ['{{isotime "06 1 2 3 4 5 15 03 04 05 07 08"}}', '26 11 22 8 7 59 20 08 07 59 07 08'],
  ['{{isotime ".00001 x.9"}}|{{isotime ""}}', '.00011 x|'],
  [
    '{{strftime "%A %a %B %b %d %H %I %M %m %p %S %Y %y %Z %z %% %c %L"}}',
    'Sunday Sun November Nov 22 20 08 07 11 PM 59 2026 26 UTC +0000 % %c .024',
  ],
  [
    '{{len "abc"}} {{index "abc" 0}} {{html "<a>"}} {{js "\'"}} {{urlquery "a b"}} {{slice "abc" 1 2}} {{print 1 2 "a" "b"}}',
    "3 97 &lt;a&gt; \\' a+b b 1 2ab",
  ],
  ['{{- "trim" -}} x', 'trimx'],
  ['a {{- "t" -}} b', 'atb'],
  ['{{/* c */}}x', 'x'],
  ['{{- /* a */ -}} x', 'x'],
  ['{{- 3}} {{-3}} {{3 -}} x', '3 -3 3x'],
  [
    "{{1.0}} {{1e3}} {{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}} {{'\\n'}} {{'é'}} {{-5}} {{+5}} {{.5}} {{1.}} {{1e-7}}",
    '1 1000 31 5 15 15 1000 10 233 -5 5 0.5 1 1e-07',
  ],
  ['{{"\\u00e9\\n\\x41"}}', 'é\nA'],
  [
    '{{eq 1 1 2}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{not true}} {{and 1 0 2}} {{or 0 "" "x"}}',
    'true true true true true true false 0 x',
  ],
  ['{{and 1 0}} {{and "" 1}} {{or 0 ""}} {{or 0 5 6}} {{not 0}} {{and 1}}', '0   5 true 1'],
  ['{{print "a" 1 2 "b"}} {{print 1.0 1e6 1e21 1e-7}}', 'a1 2b 1 1e+06 1e+21 1e-07'],
  [
    '{{printf "%d" "s"}} {{printf "%s" 5}} {{printf "%d"}} {{printf "x" 1 "b"}} {{printf "%z" 1}} {{printf "%*d" 5 1}} {{printf "%.2s" "abc"}}',
    '%!d(string=s) %!s(int=5) %!d(MISSING) x%!(EXTRA int=1, string=b) %!z(int=1)     1 ab',
  ],
  [
    '{{printf "%x %X %U %c %t %e %f %g %8.3f|%-8s|%+d" 255 "hi" 97 97 true 1.5 2.5 1e21 3.14159 "ab" 42}}',
    'ff 6869 U+0061 a true 1.500000e+00 2.500000 1e+21    3.142|ab      |+42',
  ],
  [
    '{{js "a=b<c>&\'\\"\\\\ \\u00e9 \\u2028 \\u0001"}} {{html "a\'b\\"c<d>&"}}',
    'a\\u003Db\\u003Cc\\u003E\\u0026\\\'\\"\\\\ é \\u2028 \\u0001 a&#39;b&#34;c&lt;d&gt;&amp;',
  ],
  ['{{upper "straße ǆ ı"}} {{lower "İI Σ"}}', 'STRAßE Ǆ I ii σ'],
  ['}} {{"x"}}', '}} x'],
  ['a}}b{{"}}"}}c', 'a}}b}}c'],
  ['{{.Vars}} {{.Map.x}} {{.Missing}} {{.Missing.deeper}} {{if .Missing}}t{{else}}f{{end}}', "A='b' y <no value> <no value> f"],
  ['{{range $i, $x := .List}}{{$i}}{{$x}}{{.}},{{end}}{{range .Missing}}x{{else}}none{{end}}', '0pp,1qq,none'],
  ['{{range .List}}{{if eq . "q"}}{{break}}{{end}}{{.}}{{end}}{{range .Map}}{{.}}{{end}}', 'py'],
]

test.for(printed)('%s prints %s', ([template, text]) => {
  expect(render(template)).toBe(text)
})

/** Templates that Packer 1.6.6 refuses. */
const refused: readonly string[] = [
  '{{split "a-b-c" "-" 7}}',
  '{{split "a-b-c" "-" -1}}',
  '{{split "a-b" "-" "0"}}',
  '{{isotime "a" "b"}}',
  '{{nil}}',
  '{{nil | upper}}',
  '{{range "abc"}}{{end}}',
  '{{range 3}}{{.}}{{end}}',
  '{{if}}x{{end}}',
  '{{ user "a" }',
  '{{ foo }}',
  '{{ upper }}',
  '{{ upper "a" "b" }}',
  '{{ upper 1 }}',
  '{{ "a" "b" }}',
  '{{break}}',
  '{{eq 1 "a"}}',
  '{{eq 1 1.0}}',
  '{{not}}',
  '{{index "abc" 5}}',
  '{{len 5}}',
  '{{if $x := "t"}}{{$x}}{{end}}{{$x}}',
  '{{ | upper}}',
  '{{upper("a")}}',
  '{{"a""b"}}',
  '{{print "a"`b`}}',
  "{{'ab'}}",
  '{{/* unclosed',
  '{{/*a*/ }}',
  '{{"a\\qb"}}',
  '{{"unterminated}}',
  '{{1a}}',
  '{{0x}}',
  '{{09}}',
  '{{$x.y}}',
  '{{("abc").Foo}}',
  '{{truex}}',
  '{{else}}',
  '{{end}}',
  '{{if 1}}',
  '{{if 1}}a{{else}}b{{else}}c{{end}}',
  '{{`a',
  '{{timestamp 1}}',
  '{{sed "s/a/b/" "x"}}',
  '{{.Missing | upper}}',
]

test.for(refused)('%s is refused', (template) => {
  expect(render(template)).toMatch(/^error: /)
})

test('a text without braces stands for itself', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter((text) => !text.includes('{{')),
      (text) => {
        expect(render(text)).toBe(text)
      },
    ),
  )
})

test('strings come out as they went in, whatever is in them', () => {
  const quoted = (text: string): string => JSON.stringify(text).replaceAll('\\/', '/')
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, text) => {
      fc.pre(!before.includes('{') && !/\ufffd/.test(text))
      expect(render(`${before}{{${quoted(text)}}}`)).toBe(before + text)
    }),
  )
})

const pieces = fc.constantFrom(
  '{{',
  '}}',
  '{{-',
  ' -}}',
  '(',
  ')',
  '|',
  ' ',
  '.',
  '.A',
  '$',
  '$x',
  ':=',
  '=',
  ',',
  '"a"',
  '"',
  '`',
  "'",
  '1',
  '-',
  'if ',
  'else',
  'end',
  'range ',
  'with ',
  'upper',
  'printf',
  '%9999999d',
  '/*',
  '*/',
  '\\',
  '\n',
)

test('whatever it is given, it ends with a text or an error of ours', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      expect(typeof render(parts.join(''))).toBe('string')
    }),
    { numRuns: 2000 },
  )
})

test.for([
  ['a million braces', '{'.repeat(1_000_000)],
  ['a million pairs', '{{}}'.repeat(250_000)],
  ['a million parentheses', `{{${'('.repeat(1_000_000)}}}`],
  ['a hundred thousand blocks', '{{if 1}}'.repeat(100_000)],
  ['a hundred thousand pipes', `{{"a"${'|upper'.repeat(100_000)}}}`],
  ['spaces for ever', `{{${' '.repeat(1_000_000)}`],
  ['a hundred thousand actions', '{{upper "a"}}'.repeat(100_000)],
  ['else if for ever', `{{if 0}}${'{{else if 0}}'.repeat(50_000)}{{end}}`],
] as const)('%s end soon', ([, template]) => {
  const started = performance.now()
  expect(typeof render(template)).toBe('string')
  expect(performance.now() - started).toBeLessThan(10_000)
})
