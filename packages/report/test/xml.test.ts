import { execFileSync } from 'node:child_process'

import { describe, expect, test } from 'vitest'

import { reasonToSkip } from '../../../test/requirement.ts'
import { htmlReport, junitXml, recordRun } from '../src/index.ts'
import { nastyEvents } from './any-text.ts'
import { sampleEvents, samplePlans } from './sample-run.ts'

const missing = reasonToSkip({ xmllint: 'xmllint --version' })

const records = { sample: recordRun(sampleEvents, samplePlans), nasty: recordRun(nastyEvents, []) }

/** What another parser reads at a place of a document. @throws when the document is not well-formed */
function read(xml: string, xpath: string): string {
  return execFileSync('xmllint', ['--nonet', '--xpath', xpath, '-'], {
    input: xml,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  }).trim()
}

describe.skipIf(missing !== '')(`for a parser of XML${missing}`, () => {
  test('JUnit XML has its suites, cases and failures', () => {
    const xml = junitXml(records.sample)
    expect(read(xml, 'count(/testsuites/testsuite)')).toBe('4')
    expect(read(xml, 'count(//testcase)')).toBe(read(xml, 'string(/testsuites/@tests)'))
    expect(read(xml, 'string(//failure/@message)')).toBe("failed: 'apt-get install -y nginx' ended with exit code 100")
    expect(read(xml, "string(//testsuite[@name='web.vm']//failure)")).toContain('E: Failed to fetch <http://deb.example/nginx.deb>')
  })

  test.each(Object.entries(records))('both documents are well-formed: %s', (_name, record) => {
    expect(read(junitXml(record), 'name(/*)')).toBe('testsuites')
    expect(read(htmlReport(record), 'name(/*)')).toBe('html')
    expect(read(htmlReport(record), 'count(//script)')).toBe('0')
  })

  test('what builds say is read as it was said', () => {
    expect(read(junitXml(records.nasty), 'string(//failure)')).toContain('</script><script>alert(1)</script> </style> ]]> <!-- -->')
  })
})
