// Ten steps, built again and again: what the cache leaves to do, beside `docker build` of an equal Dockerfile and Packer, which has none.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const count = 10

export function cacheCases(tools) {
  if (spawnSync('docker', ['image', 'inspect', 'debian:12']).status !== 0) return []
  return [
    rebuild(tools, { name: 'ten steps in a container, none of them cached', change: 'everything' }),
    rebuild(tools, { name: 'ten steps in a container, the last one changed', change: 'last' }),
    rebuild(tools, { name: 'ten steps in a container, nothing changed', change: 'nothing' }),
    rebuildOci(tools, { name: 'ten steps without an engine, the last one changed', change: 'last' }),
    rebuildOci(tools, { name: 'ten steps without an engine, nothing changed', change: 'nothing' }),
  ]
}

/** Numbers that no build has had before. */
let fresh = Date.now()

function rebuild({ work, imago }, { name, change }) {
  const folder = makeFolder(work, name)
  const template = join(folder, 'template.json')
  const write = (last, first) => {
    const steps = stepsOf(last, first)
    const builder = `docker({ image: 'debian:12', pull: 'never', result: { type: 'commit', repository: 'imago-bench' } })`
    writeImage(folder, `import { docker } from '@imago/builder-docker'`, builder, steps)
    writeFileSync(join(folder, 'Dockerfile'), `FROM debian:12\n${steps.map((step) => `RUN ${step}\n`).join('')}`)
    const provisioners = steps.map((step) => ({ type: 'shell', inline: [step] }))
    writeFileSync(template, JSON.stringify({ builders: [{ type: 'docker', image: 'debian:12', pull: false, commit: true }], provisioners }))
  }
  const [ours, theirs] = [changer(write, change), changer(write, change)]
  const build = [...imago, 'build', '--plain']
  const docker = ['docker', 'build', '-q', '-t', 'imago-bench-docker', '.']
  const warm = (command) => () => void spawnSync(command[0], command.slice(1), { cwd: folder })
  return {
    name,
    contenders: [
      { label: 'imago', command: build, cwd: folder, before: ours(warm(build)) },
      { label: 'docker build', command: docker, cwd: folder, needs: 'docker', before: theirs(warm(docker)) },
      { label: 'packer', command: ['packer', 'build', '-color=false', template], cwd: folder, needs: 'packer' },
    ],
  }
}

function rebuildOci({ work, imago }, { name, change }) {
  const folder = makeFolder(work, name)
  const write = (last, first) =>
    writeImage(
      folder,
      `import { hostBinaries, oci } from '@imago/builder-oci'`,
      `oci({ from: hostBinaries({ commands: ['sh', 'cat'] }), output: 'image.tar' })`,
      stepsOf(last, first),
    )
  const build = [...imago, 'build', '--plain']
  const warm = () => void spawnSync(build[0], build.slice(1), { cwd: folder })
  return { name, contenders: [{ label: 'imago', command: build, cwd: folder, before: changer(write, change)(warm) }] }
}

/** Makes what runs before each round: builds once, and changes what is to be changed. */
function changer(write, change) {
  return (warm) => () => {
    const first = change === 'everything' ? fresh++ : 0
    write('same', first)
    if (change === 'everything') return
    warm()
    if (change === 'last') write(`other ${fresh++}`, first)
  }
}

function makeFolder(work, name) {
  const folder = join(work, name.replaceAll(/\W+/g, '-'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  return folder
}

function stepsOf(last, first) {
  return Array.from({ length: count }, (_, index) => `echo ${index === 0 ? first : index === count - 1 ? last : index} > /step${index}`)
}

function writeImage(folder, imports, builder, steps) {
  writeFileSync(
    join(folder, 'image.ts'),
    `${imports}
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'bench',
  builders: { it: ${builder} },
  provisioners: [${steps.map((step) => `shell({ inline: [${JSON.stringify(step)}] })`).join(', ')}],
})
`,
  )
}
