// Builds in a container of the local Docker engine, from the image debian:12, which must be there.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function dockerCases(tools) {
  if (spawnSync('docker', ['image', 'inspect', 'debian:12']).status !== 0) {
    console.log('docker: left out, there is no engine with an image debian:12 here')
    return []
  }
  const tree = join(tools.work, 'tree')
  const big = join(tools.work, 'big')
  const twenty = Array.from({ length: 20 }, (_, index) => shell(`echo step ${index}`))
  return [
    compareBuild(tools, { name: '20 shell steps in one container', steps: twenty }),
    compareBuild(tools, { name: 'one shell step in a container', steps: [shell('echo step')] }),
    compareBuild(tools, {
      name: 'a directory of 3,000 small files into a container',
      steps: [upload(tree)],
      prepare: () => makeTree(tree),
      // ext4 gives no inode away again in the first minute after its file was removed, and looks at each one: seconds for the next tree.
      settleSeconds: 65,
    }),
    compareBuild(tools, { name: 'a file of 512 MB into a container', steps: [upload(big)], prepare: () => makeBig(big) }),
    compareBuild(tools, {
      name: 'both into one container',
      steps: [upload(tree, 'tree'), upload(big, 'big')],
      prepare() {
        makeTree(tree)
        makeBig(big)
      },
      settleSeconds: 65,
    }),
  ]
}

function compareBuild({ work, imago, file }, { name, steps, prepare, settleSeconds }) {
  const base = name.replaceAll(/\W+/g, '-')
  mkdirSync(join(work, base))
  const image = file(`${base}/image.ts`, imageFile(steps))
  const template = file(`${base}.json`, packerTemplate(steps))
  return {
    name,
    prepare,
    settleSeconds,
    contenders: [
      { label: 'imago', command: [...imago, 'build', image, '--plain', '--no-cache'] },
      { label: 'packer', command: ['packer', 'build', '-color=false', template], needs: 'packer' },
    ],
  }
}

function imageFile(steps) {
  return `import { defineImage } from '@imago/core'
import { docker } from '@imago/builder-docker'
import { file } from '@imago/provisioner-file'
import { shell } from '@imago/provisioner-shell'
export default defineImage({
  name: 'bench',
  builders: { docker: docker({ image: 'debian:12', pull: 'never', result: { type: 'discard' } }) },
  provisioners: [${steps.map(({ ours }) => ours).join(', ')}],
})
void [file, shell]
`
}

function packerTemplate(steps) {
  return JSON.stringify({
    builders: [{ type: 'docker', image: 'debian:12', pull: false, discard: true }],
    provisioners: steps.map(({ theirs }) => theirs),
  })
}

function shell(command) {
  return { ours: `shell({ inline: [${JSON.stringify(command)}] })`, theirs: { type: 'shell', inline: [command] } }
}

function upload(source, name = 'data') {
  const destination = `/srv/${name}`
  return {
    ours: `file({ source: ${JSON.stringify(source)}, destination: '${destination}' })`,
    theirs: { type: 'file', source, destination },
  }
}

function makeTree(path) {
  rmSync(path, { recursive: true, force: true })
  for (let folder = 0; folder < 30; folder++) {
    mkdirSync(join(path, `d${folder}`), { recursive: true })
    for (let index = 0; index < 100; index++) writeFileSync(join(path, `d${folder}`, `f${index}`), `file ${index}\n`.repeat(50))
  }
}

function makeBig(path) {
  spawnSync('sh', ['-c', 'head -c 536870912 /dev/urandom > "$0"', path])
}
