import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

interface Platform {
  readonly os: string
  readonly architecture: string
}

/** Writes an OCI image layout with one image, tagged `cow`, for several platforms. Answers with the layers by architecture. */
export async function writeOciLayout(folder: string, platforms: readonly Platform[], layerSize: number): Promise<Map<string, Buffer>> {
  await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true })
  const layers = new Map<string, Buffer>()
  const add = async (content: object, mediaType: string) => {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content))
    const hex = createHash('sha256').update(bytes).digest('hex')
    await writeFile(join(folder, 'blobs', 'sha256', hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const manifests = []
  for (const platform of platforms) {
    const layer = gzipSync(randomBytes(layerSize), { level: 1 })
    layers.set(platform.architecture, layer)
    const layerDescriptor = await add(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')
    const config = { ...platform, config: { Cmd: ['moo'] }, rootfs: { type: 'layers', diff_ids: [layerDescriptor.digest] } }
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: await add(config, 'application/vnd.oci.image.config.v1+json'),
      layers: [layerDescriptor],
    }
    manifests.push({ ...(await add(manifest, manifest.mediaType)), platform })
  }
  const indexType = 'application/vnd.oci.image.index.v1+json'
  const index = await add({ schemaVersion: 2, mediaType: indexType, manifests }, indexType)
  const annotations = { 'org.opencontainers.image.ref.name': 'cow' }
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...index, annotations }] }))
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  return layers
}
