import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyText } from '../test/any-text.ts'
import { plannedBuild, postProcessor, provisioner } from '../test/events.ts'
import { samplePlans } from '../test/sample-run.ts'
import { mermaidGraph } from './mermaid-graph.ts'

test('draws images, builds, steps, chains, and what starts from what', () => {
  expect(mermaidGraph(samplePlans)).toMatchInlineSnapshot(`
    "flowchart TD
      subgraph i1["base"]
        subgraph b1["docker"]
          direction TB
          b1_from(["docker"])
          b1_p1["shell: remove caches"]
          b1_made[("docker-image")]
          b1_from --> b1_p1 --> b1_made
        end
      end
      subgraph i2["web"]
        subgraph b2["docker"]
          direction TB
          b2_from(["docker"])
          b2_p1["file: site/ to /srv/site"]
          b2_p2["shell: apt-get install -y nginx"]
          b2_p3["shell: nginx -t"]
          b2_c1_1["docker-tag: web:1.0"]
          b2_c1_2["docker-save: out/web.tar"]
          b2_c1_3["compress"]
          b2_c2_1["checksum"]
          b2_made[("docker-image")]
          b2_from --> b2_p1 --> b2_p2 --> b2_p3 --> b2_made
          b2_made --> b2_c1_1 --> b2_c1_2 --> b2_c1_3
          b2_made --> b2_c2_1
        end
        subgraph b3["vm"]
          direction TB
          b3_from(["qemu"])
          b3_p1["file: site/ to /srv/site"]
          b3_p2["shell: apt-get install -y nginx"]
          b3_p3["shell: nginx -t"]
          b3_c1_1["checksum"]
          b3_made[("qcow2")]
          b3_from --> b3_p1 --> b3_p2 --> b3_p3 --> b3_made
          b3_made --> b3_c1_1
        end
        subgraph b4["cloud"]
          direction TB
          b4_from(["amazon-ebs"])
          b4_p1["file: site/ to /srv/site"]
          b4_p2["shell: apt-get install -y nginx"]
          b4_p3["shell: nginx -t"]
          b4_made[("ami")]
          b4_from --> b4_p1 --> b4_p2 --> b4_p3 --> b4_made
        end
      end
      b1_made -.-> b2_from
    "
  `)
})

test('a base that no plan is given of stands for itself', () => {
  const web = samplePlans.slice(1)
  expect(mermaidGraph(web)).toContain('flowchart TD\n  x1_made[("base.docker")]\n  subgraph i1["web"]')
  expect(mermaidGraph(web)).toContain('  x1_made -.-> b1_from\n')
})

test.each([
  ['1. update', '#49;. update'],
  ['say "hi" #1; `x`', 'say #34;hi#34; #35;1#59; #96;x#96;'],
  ['fetch https://x.org/a', 'fetch https#58;//x.org/a'],
  ['two\nlines', 'two …'],
  ['a_b __init__', 'a_b #95;#95;init#95;#95;'],
  ['x'.repeat(90), `${'x'.repeat(80)}…`],
])('%j has the label %j', (title, label) => {
  const graph = mermaidGraph([{ image: 'i', builds: [plannedBuild('b', [{ ...postProcessor(0, 0, title), title }])] }])
  expect(graph).toContain(`b1_c1_1["${label}"]\n`)
})

test('every line is one of those that it knows, whatever titles say', () => {
  const label = String.raw`"(?:[\p{L}\p{M}\p{N} …,.:/=()+'_-]|#\d+;)*"`
  const node = String.raw`[a-z0-9_]+(?:\[${label}\]|\(\[${label}\]\)|\[\(${label}\)\])`
  const line = new RegExp(
    String.raw`^ *(?:flowchart TD|end|direction TB|subgraph [a-z0-9]+\[${label}\]|${node}|\w+(?: (?:-->|-\.->) \w+)+|)$`,
    'u',
  )
  fc.assert(
    fc.property(
      fc.array(anyText, { minLength: 6, maxLength: 6 }),
      ([image = '', build = '', type = '', title = '', made = '', base = '']) => {
        const steps = [provisioner(0, type, title), postProcessor(0, 0, title, type)]
        const graph = mermaidGraph([
          { image, builds: [plannedBuild(build, steps, { builderType: type, makes: { type: made, files: false }, after: [base] })] },
        ])
        expect(graph.split('\n').filter((one) => !line.test(one))).toEqual([])
      },
    ),
  )
})
