import type { Duration, FromFacts, Secret } from '@imago/core'
import { secret } from '@imago/core'

import type { JsonNode } from '../json/json-node.ts'
import { describeNode } from '../json/json-node.ts'
import type { FieldTable } from '../text/field-table.ts'
import type { RenderedText } from '../text/render-text.ts'
import type { CodeWriter } from '../typescript/code-writer.ts'
import type { Expression } from '../typescript/expression.ts'
import { code, printExpression, textExpression } from '../typescript/expression.ts'
import { asDuration, parseGoDuration } from './go-duration.ts'
import { numberText, parseGoBool, parseGoInt } from './go-coercion.ts'
import type { Known } from './known.ts'
import { isKnown, known } from './known.ts'
import type { Coercion, LateScope, OptionContext } from './option-context.ts'
import { renderText } from './option-context.ts'

/** A text. Numbers become texts, and so do booleans: `1` and `0`. */
export const text: Coercion<string> = (node, ctx) => knownText(node, ctx)

/** A text that may be made while the build runs. */
export function lateText(fields: FieldTable, prepare?: LateScope['prepare']): Coercion<FromFacts<string>> {
  return (node, ctx) => {
    const rendered = renderLeaf(node, ctx, { fields, ...(prepare !== undefined && { prepare }) })
    if (rendered === undefined) return undefined
    return typeof rendered === 'string' ? constantText(rendered) : fromRendered(rendered)
  }
}

/** A text in which something stands for what it is not known to stand for elsewhere. */
export function preparedText(prepare: NonNullable<LateScope['prepare']>): Coercion<string> {
  return (node, ctx) => asStatic(renderLeaf(node, ctx, { prepare }))
}

/** A text that must not show up anywhere. */
export const secretText: Coercion<Secret> = (node, ctx) => {
  const plain = knownText(node, ctx)
  if (plain === undefined) return undefined
  if (plain.value.length > 0 && plain.value.length < shortestSecret) {
    ctx.reports.problem(ctx, `a secret of less than ${shortestSecret} characters cannot be masked`)
    return undefined
  }
  return asSecret(plain)
}

/** No shorter text can be masked. */
export const shortestSecret = 4

/** A text as a secret. */
export function asSecret(plain: Known<string>): Known<Secret> {
  return known<Secret>({
    value: secret(plain.value),
    key: `secret:${plain.key}`,
    ...(plain.unless !== undefined && { unless: plain.unless }),
    code: (writer) => ({ kind: 'call', callee: writer.imported('@imago/core', 'secret'), args: [plain.code(writer)] }),
  })
}

/** A text that is a secret when a variable in it is sensitive. */
export const textOrSecret: Coercion<string | Secret> = (node, ctx) => {
  const rendered = renderLeaf(node, ctx)
  const hidden = rendered !== undefined && typeof rendered !== 'string' && rendered.sensitive
  return hidden && typeof rendered.value === 'string' && rendered.value.length >= shortestSecret
    ? secretText(node, ctx)
    : knownText(node, ctx)
}

/** An option that is there whatever its value is: without it, nothing else makes sense. */
export function always<T>(read: Coercion<T>): Coercion<T> {
  return (node, ctx) => {
    const value = read(node, ctx)
    if (!isKnown(value) || value.unless === undefined) return value
    const { unless: _unless, ...parts } = value
    return known<T>({ ...parts, value: value.value })
  }
}

/** `true` or `false`, as whatever Packer takes for one. */
export const flag: Coercion<boolean> = (node, ctx) => {
  if (node.kind === 'plain') return node.value === null ? undefined : node.value !== false && node.value !== 0
  const rendered = renderLeaf(node, ctx)
  if (typeof rendered !== 'object') return undefined
  return fromText(rendered, ctx, { kind: 'flag', wanted: 'true or false', parse: parseGoBool, placeholder: false, show: String })
}

/** A whole number. 0 is as if it were not there. */
export const integer: Coercion<number> = (node, ctx) => {
  if (node.kind === 'plain') {
    const value = Math.trunc(Number(node.value))
    return value === 0 ? undefined : value
  }
  const rendered = renderLeaf(node, ctx)
  if (typeof rendered !== 'object') return undefined
  const parsed = fromText(rendered, ctx, { kind: 'number', wanted: 'a whole number', parse: parseGoInt, placeholder: 1, show: String })
  return parsed?.value === 0 ? absentUnless(parsed, rendered, '0') : parsed
}

/** A length of time: `1h30m`. Plain numbers are nanoseconds. */
export const duration: Coercion<Duration> = (node, ctx) => {
  if (node.kind === 'plain') return node.value === null || Number(node.value) === 0 ? undefined : asDuration(Number(node.value) / 1e6)
  const rendered = renderLeaf(node, ctx)
  if (typeof rendered !== 'object') return undefined
  const wanted = "a duration such as '5m'"
  const parsed = fromText(rendered, ctx, { kind: 'duration', wanted, parse: parseDuration, placeholder: '1s', show: showDuration })
  return parsed?.value === '0s' && rendered.text.needs.variables.size === 0 ? undefined : parsed
}

function parseDuration(text: string): Duration | undefined {
  const ms = parseGoDuration(text)
  return ms === undefined ? undefined : asDuration(ms)
}

function showDuration(value: Duration): string {
  return printExpression(textExpression(String(value)))
}

/** The text of an option, which nothing may be kept of for the build. */
export function knownText(node: JsonNode, ctx: OptionContext): Known<string> | undefined {
  return asStatic(renderLeaf(node, ctx))
}

/** A text as an option takes it that may be made while the build runs. */
export function fromRendered(rendered: RenderedText): Known<FromFacts<string>> | undefined {
  const { value } = rendered
  return typeof value === 'string' ? staticText(rendered, value) : knownLate(rendered, value)
}

/** A text for the build that is made when it runs. */
export function knownLate(
  rendered: RenderedText,
  value: Exclude<RenderedText['value'], string>,
): Known<(facts: Parameters<typeof value>[0]) => string> {
  return known({
    value,
    key: `late:${JSON.stringify(rendered.text.source)}`,
    code: (writer) => ({ kind: 'arrow', parameters: '(facts)', body: writer.text(rendered) }),
  })
}

/** A text that is known before the build. */
export function staticText(rendered: RenderedText, value: string): Known<string> | undefined {
  const key = JSON.stringify(value)
  const write = (writer: CodeWriter): Expression => writer.text(rendered)
  if (value !== '') return known({ value, key, code: write, missing: rendered.missing })
  if (rendered.text.needs.variables.size === 0) return undefined
  return known({ value, key, code: write, unless: (writer) => writer.notEmpty(rendered) })
}

function asStatic(rendered: RenderedText | string | undefined): Known<string> | undefined {
  if (typeof rendered !== 'object') return rendered === undefined ? undefined : constantText(rendered)
  return typeof rendered.value === 'string' ? staticText(rendered, rendered.value) : undefined
}

function constantText(value: string): Known<string> | undefined {
  return value === '' ? undefined : known({ value, key: JSON.stringify(value), code: () => textExpression(value) })
}

/** The text of a value that is none of its own; what is no single value is reported. */
export function renderLeaf(node: JsonNode, ctx: OptionContext, late?: LateScope): RenderedText | string | undefined {
  switch (node.kind) {
    case 'text':
      return renderText(node, ctx, late)
    case 'plain':
      if (node.value === null) return undefined
      return typeof node.value === 'boolean' ? String(Number(node.value)) : numberText(node.value)
    default:
      ctx.reports.problem(ctx, `must be a single value, not ${describeNode(node)}`)
      return undefined
  }
}

interface TextForm<T> {
  readonly kind: 'flag' | 'number' | 'duration'
  /** For messages: what it must be. */
  readonly wanted: string
  readonly parse: (text: string) => T | undefined
  /** Stands for the value of a variable that has none yet. */
  readonly placeholder: T
  readonly show: (value: T) => string
}

function fromText<T>(rendered: RenderedText, ctx: OptionContext, form: TextForm<T>): Known<T> | undefined {
  if (typeof rendered.value !== 'string') return undefined
  const value = rendered.missing ? form.placeholder : form.parse(rendered.value)
  if (value === undefined) {
    ctx.reports.problem(ctx, `must be ${form.wanted}, not '${rendered.value}'`)
    return undefined
  }
  return known({ value, key: JSON.stringify(value), code: (writer) => writer.as(rendered, form.kind, code(form.show(value))) })
}

function absentUnless<T>(parsed: Known<T>, rendered: RenderedText, zero: string): Known<T> | undefined {
  if (rendered.text.needs.variables.size === 0) return undefined
  return known({
    ...parsed,
    unless: (writer) => {
      const value = parsed.code(writer)
      return code(`${value.kind === 'code' ? value.text : zero} !== ${zero}`, 'equality')
    },
  })
}
