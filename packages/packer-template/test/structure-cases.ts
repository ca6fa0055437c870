/** A template, and whether Packer 1.6.6 accepts it. */
export interface StructureCase {
  readonly name: string
  readonly template: string
  readonly accepted: boolean
  /** It is accepted here on purpose, although Packer refuses it. */
  readonly leniency?: true
}

const none = '{"type":"null","communicator":"none"}'
const ssh = (options: string): string => `{"type":"null","ssh_host":"x","ssh_username":"u","ssh_password":"password",${options}}`
const local = (options: string): string => `{"type":"shell-local","inline":["true"],${options}}`

interface Parts {
  readonly root?: string
  readonly builder?: string
  readonly provisioner?: string
  readonly postProcessor?: string
}

function template({ root, builder = none, provisioner, postProcessor }: Parts): string {
  const parts = [
    ...(root === undefined ? [] : [root]),
    `"builders":[${builder}]`,
    ...(provisioner === undefined ? [] : [`"provisioners":[${provisioner}]`]),
    ...(postProcessor === undefined ? [] : [`"post-processors":[${postProcessor}]`]),
  ]
  return `{${parts.join(',')}}`
}

const accepted: Readonly<Record<string, string>> = {
  'a builder': template({}),
  'a comment': template({ root: '"_comment":"x"' }),
  push: template({ root: '"push":{"name":"x"}' }),
  'a description with a variable': template({ root: '"variables":{"a":"b"},"description":"x {{user `a`}}"' }),
  'a version that there is': template({ root: '"min_packer_version":"1.0"' }),
  'root keys in capitals': `{"Builders":[${none}]}`,
  'a post-processor without options': template({ postProcessor: '"manifest"' }),
  'an empty sequence': template({ postProcessor: '[]' }),
  'a sequence': template({ postProcessor: '["manifest",{"type":"shell-local","inline":["true"]}]' }),
  'a named post-processor': template({ postProcessor: '{"type":"manifest","name":"m"}' }),
  'a variable of the environment': template({ root: '"variables":{"a":"{{env `HOME`}}"}' }),
  'a variable of variables': template({ root: '"variables":{"a":"{{user `b`}}","b":"{{user `c`}}x","c":"y"}' }),
  'sensitive variables': template({ root: '"variables":{"a":"long enough"},"sensitive-variables":["a"]' }),
  'sensitive variables that there are not': template({ root: '"sensitive-variables":["zz"]' }),
  'a name as a text': template({ provisioner: local('"only":"null"') }),
  'an override': template({ provisioner: local('"override":{"null":{"inline":["false"]}}') }),
  'a pause': template({ provisioner: local('"pause_before":"10s"') }),
  'a time-out': template({ provisioner: local('"timeout":"1h30m"') }),
  'retries as a text': template({ provisioner: local('"max_retries":"2"') }),
  'a cleanup': template({ root: `"error-cleanup-provisioner":${local('"pause_before":"1s"')}` }),
  'a name with a space': template({ builder: '{"type":"null","communicator":"none","name":"a b"}' }),
  'an empty name': template({ builder: '{"type":"null","communicator":"none","name":""}' }),
  'a name made of a variable': template({
    root: '"variables":{"a":"zz"}',
    builder: '{"type":"null","communicator":"none","name":"{{user `a`}}"}',
    provisioner: local('"only":["{{user `a`}}"]'),
  }),
  'a field that there is not': template({ provisioner: '{"type":"shell-local","inline":["{{.Foo}}"]}' }),
  'a build value': template({ provisioner: '{"type":"shell-local","inline":["{{build `ID`}}"]}' }),
  'a variable that is not declared': template({ provisioner: '{"type":"shell-local","inline":["{{user `nope`}}"]}' }),
  'an option in capitals': template({ builder: '{"type":"null","Communicator":"none"}' }),
  CRLF: template({ provisioner: local('"only":["null"]') }).replaceAll(',', ',\r\n'),
  'inline as a text': template({ provisioner: '{"type":"shell-local","inline":"true"}' }),
  'inline of other types': template({ provisioner: '{"type":"shell-local","inline":[1,true]}' }),
  'an option that is null': template({ provisioner: local('"env_var_format":null') }),
  'true as 1': template({ postProcessor: '{"type":"manifest","strip_path":"1"}' }),
  'true as T': template({ postProcessor: '{"type":"manifest","strip_path":"T"}' }),
  'true as a number': template({ postProcessor: '{"type":"manifest","strip_path":2}' }),
  'false as nothing': template({ postProcessor: '{"type":"manifest","strip_path":""}' }),
  'a text as a number': template({ postProcessor: '{"type":"manifest","output":5}' }),
  'a text as a boolean': template({ postProcessor: '{"type":"manifest","output":true}' }),
  'a map as a list of maps': template({ postProcessor: '{"type":"manifest","custom_data":[{"a":"b"},{"c":"d"}]}' }),
  'a map of other types': template({ postProcessor: '{"type":"manifest","custom_data":{"a":1,"b":true}}' }),
  'a number as a text': template({ builder: ssh('"ssh_port":"22"') }),
  'a number in base 16': template({ builder: ssh('"ssh_port":"0x16"') }),
  'a fraction as a whole number': template({ builder: ssh('"ssh_port":22.7') }),
  'a number that is nothing': template({ builder: ssh('"ssh_port":""') }),
  'a duration with several units': template({ builder: ssh('"ssh_timeout":"1h30m5s"') }),
  'an outdated time-out': template({ builder: ssh('"ssh_wait_timeout":"5m"') }),
  'exit codes as a text': template({ provisioner: local('"valid_exit_codes":"0,3"') }),
}

const refused: Readonly<Record<string, string>> = {
  'no builders': '{"provisioners":[]}',
  'an empty list of builders': '{"builders":[]}',
  'null builders': '{"builders":null}',
  'an unknown root key': template({ root: '"foo":1' }),
  'a comment that is a number': template({ root: '"_c":1' }),
  'a comment that is an object': template({ root: '"_c":{"a":1}' }),
  'a description that is a number': template({ root: '"description":5' }),
  'a version that there is not': template({ root: '"min_packer_version":"99.0"' }),
  'a version that is none': template({ root: '"min_packer_version":"abc"' }),
  'two builders of one name': template({ builder: `${none},${none}` }),
  'an unknown key in capitals': template({ builder: '{"type":"Null","communicator":"none"}' }),
  'a builder that is a text': template({ builder: '"null"' }),
  'builders that are an object': `{"builders":${none}}`,
  'provisioners that are an object': `{"builders":[${none}],"provisioners":${local('"only":["null"]')}}`,
  'post-processors that are an object': `{"builders":[${none}],"post-processors":{"type":"manifest"}}`,
  'post-processors that are a text': `{"builders":[${none}],"post-processors":"manifest"}`,
  'a sequence in a sequence': template({ postProcessor: '["manifest",["manifest"]]' }),
  'a post-processor that is a number': template({ postProcessor: '5' }),
  'a post-processor that is null': template({ postProcessor: 'null' }),
  'a variable that is a number': template({ root: '"variables":{"a":5}' }),
  'a variable that is a boolean': template({ root: '"variables":{"a":true}' }),
  'a variable that is a list': template({ root: '"variables":{"a":["x"]}' }),
  'a variable that must be given': template({ root: '"variables":{"a":null}' }),
  'variables of each other': template({ root: '"variables":{"a":"{{user `b`}}","b":"{{user `a`}}"}' }),
  'a variable of one that there is not': template({ root: '"variables":{"a":"{{user `zz`}}"}' }),
  'variables that are a list': template({ root: '"variables":[]' }),
  'sensitive variables that are a text': template({ root: '"variables":{"a":"x"},"sensitive-variables":5' }),
  'only and except': template({ provisioner: local('"only":["null"],"except":["null"]') }),
  'only a builder that there is not': template({ provisioner: local('"only":["x"]') }),
  'except a builder that there is not': template({ provisioner: local('"except":["x"]') }),
  'a post-processor only for a builder that there is not': template({ postProcessor: '{"type":"manifest","only":["x"]}' }),
  'a post-processor only for a name as a text': template({ postProcessor: '{"type":"manifest","only":"null"}' }),
  'an override for a builder that there is not': template({ provisioner: local('"override":{"x":{"inline":["false"]}}') }),
  'an override with an unknown option': template({ provisioner: local('"override":{"null":{"inlin":["false"]}}') }),
  'an override that is a text': template({ provisioner: local('"override":"x"') }),
  'a pause without a unit': template({ provisioner: local('"pause_before":"10"') }),
  'a provisioner that there is not': template({ provisioner: '{"type":"foo"}' }),
  'a builder that there is not': template({ builder: '{"type":"foo"}' }),
  'a post-processor that there is not': template({ postProcessor: '{"type":"foo"}' }),
  'a builder without a type': template({ builder: '{"communicator":"none"}' }),
  'a provisioner without a type': template({ provisioner: '{"inline":["x"]}' }),
  'a post-processor without a type': template({ postProcessor: '{"output":"x"}' }),
  'an unknown option': template({ builder: '{"type":"null","communicator":"none","fooo":1}' }),
  'several cleanups': template({ root: `"error-cleanup-provisioner":[${local('"pause_before":"1s"')}]` }),
  'whether the input is kept as a text': template({ postProcessor: '{"type":"manifest","keep_input_artifact":"true"}' }),
  'only a name as it is rendered': template({
    root: '"variables":{"a":"zz"}',
    builder: '{"type":"null","communicator":"none","name":"{{user `a`}}"}',
    provisioner: local('"only":["zz"]'),
  }),
  'a function that there is not': template({ provisioner: '{"type":"shell-local","inline":["{{foo}}"]}' }),
  'the environment outside of variables': template({ provisioner: '{"type":"shell-local","inline":["{{env `HOME`}}"]}' }),
  'an array': '[]',
  nothing: '',
  'something after the template': `${template({})} x`,
  'inline as an object': template({ provisioner: '{"type":"shell-local","inline":{"a":"b"}}' }),
  'true as yes': template({ postProcessor: '{"type":"manifest","strip_path":"yes"}' }),
  'a text as a list': template({ postProcessor: '{"type":"manifest","output":["a"]}' }),
  'a map as a text': template({ postProcessor: '{"type":"manifest","custom_data":"x"}' }),
  'a map of maps': template({ postProcessor: '{"type":"manifest","custom_data":{"a":{}}}' }),
  'a number that is none': template({ builder: ssh('"ssh_port":"abc"') }),
  'a duration without a unit': template({ builder: ssh('"ssh_timeout":"5"') }),
  'a duration that is nothing': template({ builder: ssh('"ssh_timeout":""') }),
  'an environment variable without a value': template({ provisioner: local('"environment_vars":["NOEQ"]') }),
  'an environment variable without a name': template({ provisioner: local('"environment_vars":["=x"]') }),
  'no script': template({ provisioner: '{"type":"shell-local"}' }),
  'two scripts': template({ provisioner: '{"type":"shell-local","inline":["x"],"command":"y"}' }),
  'a script that there is not': template({ provisioner: '{"type":"shell-local","script":"nope.sh"}' }),
  'no host': template({ builder: '{"type":"null","ssh_username":"u","ssh_password":"password"}' }),
  'no user': template({ builder: '{"type":"null","ssh_host":"x","ssh_password":"password"}' }),
  'a container that becomes nothing': template({ builder: '{"type":"docker","image":"x"}' }),
  'a container that becomes two things': template({ builder: '{"type":"docker","image":"x","commit":true,"discard":true}' }),
  'a container of nothing': template({ builder: '{"type":"docker","commit":true}' }),
  'a file without a target': template({ builder: '{"type":"file","content":"x"}' }),
  'a file of two things': template({ builder: '{"type":"file","content":"x","source":"y","target":"z"}' }),
  'objects that are too deep': '['.repeat(100_000),
}

const lenient: Readonly<Record<string, string>> = {
  'a line comment': `// x\n${template({})}`,
  'a block comment': `{/* x */"builders":[${none}]}`,
  'a trailing comma': `{"builders":[${none},]}`,
  'a byte order mark': `\uFEFF${template({})}`,
  'a root key twice': `{"builders":[${none}],"builders":[${none}]}`,
  'an option twice': template({ builder: '{"type":"null","communicator":"none","communicator":"none"}' }),
  'a variable twice': template({ root: '"variables":{"a":"1","a":"2"}' }),
}

/** Templates that Packer was asked about. */
export const structureCases: readonly StructureCase[] = [
  ...Object.entries(accepted).map(([name, text]) => ({ name, template: text, accepted: true })),
  ...Object.entries(refused).map(([name, text]) => ({ name, template: text, accepted: false })),
  ...Object.entries(lenient).map(([name, text]) => ({ name, template: text, accepted: false, leniency: true as const })),
]
