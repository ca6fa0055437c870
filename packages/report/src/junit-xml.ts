import type { ErrorJson } from '@imago/core'

import { cut } from './cut.ts'
import { failuresOf } from './failures.ts'
import { lastLines } from './log.ts'
import type { Markup } from './markup.ts'
import { markup } from './markup.ts'
import { outputLines } from './output-text.ts'
import type { BuildRecord, RunRecord, StepRecord } from './run-record.ts'
import type { RecordedStatus } from './statuses.ts'
import { statuses } from './statuses.ts'
import { stepTitle } from './step-title.ts'

/** A failed case has so much of what the step said last. */
const tail = { lines: 100, characters: 16_000 }
const longestTitle = 200

/** A test case: a step, or the build where it failed outside of its steps. */
interface Case {
  readonly name: string
  readonly status: RecordedStatus
  readonly durationMs: number
  readonly error?: ErrorJson
  /** The end of what it said. */
  readonly said: readonly string[]
}

/**
 * A run as JUnit XML, as far as programs that read it agree: a test suite for each build, and in it a test case for each step. A step that
 * failed is a failure with the step's error and the end of its output. One that was cancelled, not run, or failed where it may
 * (`continueOnError`) was skipped. A build that failed outside of its steps has one more case, called `build`.
 */
export function junitXml(record: RunRecord): string {
  const suites = record.builds.map((build) => ({ build, cases: casesOf(build, record) }))
  const all = suites.flatMap(({ cases }) => cases)
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="imago"${countsOf(all)} time="${seconds(record.durationMs)}">
${suites.map(({ build, cases }) => suiteOf(build, cases, record))}</testsuites>
`.markup
}

function casesOf(build: BuildRecord, record: RunRecord): Case[] {
  const steps = build.steps.map((step): Case => ({
    name: `${cut(stepTitle(step.step), longestTitle)} (${step.step.id})`,
    status: step.status,
    durationMs: ranFor(step),
    ...(step.error && { error: step.error }),
    said: lastLines(step.log, tail),
  }))
  const outside = failuresOf(record).find((failure) => failure.build === build && failure.step === undefined)
  const isTold = outside === undefined && build.steps.length > 0 && build.status !== 'unfinished'
  if (isTold) return steps
  const error = outside?.error ?? build.error
  const said = lastLines(build.log, tail)
  return [...steps, { name: 'build', status: build.status, durationMs: build.to - build.from, ...(error && { error }), said }]
}

function suiteOf(build: BuildRecord, cases: readonly Case[], record: RunRecord): Markup {
  const began = new Date(Date.parse(record.startedAt) + build.from).toISOString().replace(/\.\d+Z$/, '')
  return markup`<testsuite name="${build.image}.${build.build}"${countsOf(cases)} time="${seconds(build.to - build.from)}" timestamp="${began}">
${cases.map((one) => caseOf(one, build))}</testsuite>
`
}

function caseOf({ name, status, durationMs, error, said }: Case, build: BuildRecord): Markup {
  const attributes = markup` classname="${build.image}.${build.build}" name="${name}" time="${seconds(durationMs)}"`
  const { junit, word } = statuses[status]
  if (junit === 'passed') return markup`<testcase${attributes}/>\n`
  const message = error === undefined ? word : `${word}: ${textOf(error.message)}`
  if (junit === 'skipped') return markup`<testcase${attributes}><skipped message="${message}"/></testcase>\n`
  const hint = error?.hint === undefined ? [] : [`hint: ${error.hint}`]
  const text = [message, ...hint, ...(said.length === 0 ? [] : ['', 'it said last:', ...said])].join('\n')
  const result = markup` message="${message}" type="${error?.code ?? word}">${text}`
  return junit === 'error'
    ? markup`<testcase${attributes}><error${result}</error></testcase>\n`
    : markup`<testcase${attributes}><failure${result}</failure></testcase>\n`
}

function countsOf(cases: readonly Case[]): Markup {
  const count = (junit: string): number => cases.filter(({ status }) => statuses[status].junit === junit).length
  return markup` tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
}

/** How long the attempts at a step took, without the waits between them. */
function ranFor({ attempts }: StepRecord): number {
  return attempts.reduce((sum, { from, to }) => sum + to - from, 0)
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

function textOf(text: string): string {
  return cut(outputLines(text, { colors: false }).join('\n'), tail.characters)
}
