import type { Json, JsonObject } from '@imago/core'

/** Breaks a template in one way; `undefined` where there is nothing to break. */
type Break = (template: JsonObject, build: string) => JsonObject | undefined

function isObject(item: Json): item is JsonObject {
  return typeof item === 'object' && item !== null && !Array.isArray(item)
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function nameOf({ name, type }: JsonObject): Json | undefined {
  return typeof name === 'string' && name !== '' ? name : type
}

/** Changes the builder of a build. */
function builder(change: (options: JsonObject) => JsonObject): Break {
  return (template, build) => {
    const builders = objects(template['builders'])
    if (!builders.some((each) => nameOf(each) === build)) return undefined
    return { ...template, builders: builders.map((each) => (nameOf(each) === build ? change(each) : each)) }
  }
}

/** Changes the first provisioner. */
function provisioner(change: (options: JsonObject) => JsonObject): Break {
  return (template) => {
    const [first, ...others] = objects(template['provisioners'])
    return first && { ...template, provisioners: [change(first), ...others] }
  }
}

function root(parts: JsonObject): Break {
  return (template) => ({ ...template, ...parts })
}

function variables(parts: JsonObject): Break {
  return (template) => {
    const [given = {}] = objects([template['variables'] ?? {}])
    return { ...template, variables: { ...given, ...parts } }
  }
}

function without(options: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)))
}

/** What a builder cannot do without. */
const needed = ['iso_url', 'iso_urls', 'source_path', 'source_ami', 'source_ami_filter', 'image', 'vm_name_of_none']

/** Ways to break a template that Packer refuses for its structure. */
export const breaks: Readonly<Record<string, Break>> = {
  'a builder without a type': builder((options) => without(options, 'type')),
  'an unknown root key': root({ bulders: [] }),
  'an unknown option of a builder': builder((options) => ({ ...options, imago_unknown: 1 })),
  'an unknown option of a provisioner': provisioner((options) => ({ ...options, imago_unknown: 1 })),
  'a time that is none': builder((options) => ({ ...options, ssh_timeout: 'soon' })),
  'a number that is none': builder((options) => ({ ...options, ssh_port: 'twenty-two' })),
  'a text that is a list': builder((options) => ({ ...options, ssh_username: ['root'] })),
  'a variable that must be given': variables({ imago_needed: null }),
  'a variable that is an object': variables({ imago_object: { a: 'b' } }),
  'variables of each other': variables({ imago_a: '{{user `imago_b`}}', imago_b: '{{user `imago_a`}}' }),
  'a builder twice': (template, build) => {
    const twice = objects(template['builders']).filter((each) => nameOf(each) === build)
    return { ...template, builders: [...objects(template['builders']), ...twice] }
  },
  'only a builder that there is not': provisioner((options) => ({ ...without(options, 'except'), only: ['imago-nobody'] })),
  'except a builder that there is not': provisioner((options) => ({ ...without(options, 'only'), except: ['imago-nobody'] })),
  'an override of nobody': provisioner((options) => ({ ...options, override: { 'imago-nobody': {} } })),
  'a pause that is none': provisioner((options) => ({ ...options, pause_before: 'soon' })),
  'a provisioner without a type': provisioner((options) => without(options, 'type')),
  'a post-processor that is a number': root({ 'post-processors': [5] }),
  'a post-processor without a type': root({ 'post-processors': [{ output: 'x' }] }),
  'post-processors that are an object': root({ 'post-processors': { type: 'manifest' } }),
  'an unknown option of a post-processor': root({ 'post-processors': [{ type: 'manifest', outptu: 'x' }] }),
  'builders that are an object': (template) => ({ ...template, builders: objects(template['builders'])[0] ?? {} }),
  'provisioners that are a text': root({ provisioners: 'shell' }),
  'a version that there is not': root({ min_packer_version: '99.0.0' }),
  'a function that there is not': builder((options) => ({ ...options, ssh_username: '{{imago_nothing}}' })),
  'a builder of nothing': builder((options) => without(options, ...needed)),
  'a builder without a user': builder((options) => without(options, 'ssh_username')),
}
