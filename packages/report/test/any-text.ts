import type { BuildEvent } from '@imago/core'
import * as fc from 'fast-check'

import type { Place } from './events.ts'
import { attemptAt, builderStep, event, postProcessor, provisioner } from './events.ts'

const nasty = [
  '</script><script>alert(1)</script>',
  '</style>',
  ']]>',
  '<!--',
  '-->',
  '" onmouseover="x',
  "' or '",
  '&amp;&#x3c;',
  '🐄👩‍🚀',
  '\uD800',
  '\uDC00x',
  '\u0000\u0001\u0008\u000B\u001F\u007F\u0085\u009F',
  '\uFFFE\uFFFF',
  '\u001B[31mred\u001B[0m',
  '\u001B]0;title\u0007',
  '\u202Etxt.exe',
  '\r\n',
  '\n\n',
  '\t',
  '```\n# not a title\n```',
  '::error title=x::y\n',
  '%0A',
  '| a | b |',
  '<details>',
  'x'.repeat(300),
]

/** Text of any kind, with what is known to be hard to escape in it more often than by chance. */
export const anyText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ arbitrary: fc.constantFrom(...nasty), weight: 3 }, fc.string({ unit: 'binary' }), fc.string()), { maxLength: 6 })
  .map((parts) => parts.join(''))

/** The events of a run whose every text is of any kind. */
export const anyEvents: fc.Arbitrary<readonly BuildEvent[]> = fc
  .record({ text: fc.array(anyText, { minLength: 12, maxLength: 12 }), ends: fc.boolean() })
  .map(({ text, ends }) => eventsWith(text, ends))

/** The events of a run whose every text is all that is known to be hard to escape. */
export const nastyEvents: readonly BuildEvent[] = eventsWith([nasty.join(' ')], true)

function eventsWith(text: readonly string[], ends: boolean): BuildEvent[] {
  const of = (index: number): string => text[index % text.length] ?? ''
  const place: Place = [of(0), of(1)]
  const error = { code: 'COMMAND_FAILED', message: of(2), hint: of(3), causes: [of(4), of(5)] } as const
  const artifact = { type: of(6), id: of(7), files: [{ path: of(8), size: 12, sha256: of(9) }], tags: [of(10)], size: 9 }
  const begin: BuildEvent[] = [
    event(0, { type: 'run-started', builds: [{ image: of(0), build: of(1), builderType: of(2) }] }),
    event(1, { type: 'build-started', builderType: of(2), steps: 3 }, place),
    event(2, { type: 'output', stream: 'stdout', text: of(3) }, place),
    event(3, { type: 'resource-kept', resource: { kind: of(4), name: of(5) } }, place),
    ...attemptAt(place, builderStep(of(6), of(7)), { from: 4, to: 8, said: of(8), complained: of(9) }),
    event(9, { type: 'progress', task: of(10), done: 5, total: 9, unit: 'bytes', step: `builder.${of(6)}` }, place),
    ...attemptAt(place, provisioner(0, of(11), of(0)), { from: 10, to: 20, status: 'failed', error, retryInMs: 5, said: of(1) }),
    ...attemptAt(place, provisioner(0, of(11), of(0)), { from: 25, to: 30, status: 'failed', attempt: 2, error, said: of(2) }),
    event(29, { type: 'message', level: 'warning', text: of(3), step: 'provisioners[0]' }, place),
    ...attemptAt(place, postProcessor(0, 0, of(4), of(5)), { from: 30, to: 40, status: 'failed', ignored: true, error }),
  ]
  const end: BuildEvent[] = [
    event(41, { type: 'build-finished', status: 'failed', durationMs: 40, artifacts: [artifact], error }, place),
    event(42, { type: 'run-finished', status: 'failed', durationMs: 42 }),
  ]
  return ends ? [...begin, ...end] : begin
}
