import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { VBoxManageOptions } from './vbox-manage.ts'
import { vboxManage } from './vbox-manage.ts'
import { virtualBoxVersion } from './version.ts'
import type { VirtualBox } from './virtualbox.ts'

const signal = AbortSignal.timeout(60_000)

/** A program in the place of VBoxManage: a shell script, in a folder of its own. */
async function program(script: string, options?: VBoxManageOptions): Promise<{ readonly box: VirtualBox; readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-virtualbox-unit-'))
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'VBoxManage')
  await writeFile(path, `#!/bin/sh\ncd ${folder}\n${script}\n`, { mode: 0o755 })
  return { box: vboxManage(path, options), folder }
}

test('arguments come as they are, and what is printed comes back', async () => {
  const { box } = await program('for each; do echo "[$each]"; done')
  const odd = '$HOME; `id` "\'*'
  expect(await box.manage(['modifyvm', 'a b', '--x', odd], { signal })).toBe(`[modifyvm]\n[a b]\n[--x]\n[${odd}]\n`)
})

test.each([
  ['modifyvm', "The machine 'x' is already locked for a session (or being unlocked)"],
  ['showvminfo', "The machine 'x' already has a lock request pending"],
  ['unregistervm', "Cannot unregister the machine 'x' while it is locked"],
  ['showvminfo', 'Failed to get a console object from the direct session (VBOX_E_INVALID_OBJECT_STATE)'],
  ['showvminfo', 'The object is not ready; The session is not locked (session state: Unlocked)'],
  ['showvminfo', 'Code NS_ERROR_CALL_FAILED (0x800706BE) - Call to remote object failed'],
  ['showvminfo', 'Code NS_ERROR_FAILURE (0x80004005) - Operation failed (extended info not available)'],
])('%s of a machine that something else has is tried again: %s', async (verb, words) => {
  const { box, folder } = await program(`echo x >>tries
[ "$(wc -l <tries)" -ge 3 ] && exit
echo "VBoxManage: error: ${words}" >&2
exit 1`)
  await box.manage([verb, 'x'], { signal })
  expect(await readFile(join(folder, 'tries'), 'utf8')).toBe('x\nx\nx\n')
})

test('a question is asked again when VBoxManage breaks down, or says nothing', async () => {
  const broken = await program('echo x >>tries; [ "$(wc -l <tries)" -ge 3 ] && exec echo found; kill -SEGV $$')
  expect(await broken.box.manage(['list', 'vms'], { signal })).toBe('found\n')
  const silent = await program('echo x >>tries; [ "$(wc -l <tries)" -ge 3 ] && exec echo found; exec sleep 60', { answerMs: 300 })
  expect(await silent.box.manage(['showvminfo', 'x'], { signal })).toBe('found\n')
})

test('a question ends with what asks it', async () => {
  const { box } = await program('exec sleep 60', { answerMs: 50_000 })
  const cancelled = AbortSignal.timeout(200)
  await expect(box.manage(['showvminfo', 'x'], { signal: cancelled })).rejects.toMatchObject({ code: 'TIMEOUT' })
})

test('what changes something is not tried again when an answer is lost', async () => {
  const { box, folder } = await program('echo x >>tries; echo "VBoxManage: error: Code NS_ERROR_CALL_FAILED" >&2; exit 1')
  await expect(box.manage(['clonevm', 'x'], { signal })).rejects.toThrow('VBoxManage clonevm x: Code NS_ERROR_CALL_FAILED')
  expect(await readFile(join(folder, 'tries'), 'utf8')).toBe('x\n')
})

test('a failure is told in the words of VBoxManage, without those for programs', async () => {
  const { box } = await program(`cat >&2 <<'WORDS'
0%...
Progress state: VBOX_E_FILE_ERROR
VBoxManage: error: Could not create the directory '/x' (VERR_ACCESS_DENIED)
VBoxManage: error: Details: code VBOX_E_FILE_ERROR (0x80bb0004), component MachineWrap, interface IMachine
VBoxManage: error: Context: "COMGETTER(Foo)" at line 1 of file x.cpp
WORDS
exit 1`)
  await expect(box.manage(['createvm', '--name', 'x'], { signal })).rejects.toMatchObject({
    code: 'PROVIDER_FAILED',
    message: "VBoxManage createvm: Could not create the directory '/x' (VERR_ACCESS_DENIED)",
  })
})

test.each([
  ['VBoxManage: error: The virtual machine failed to start: VERR_VM_DRIVER_NOT_INSTALLED', 'PROVIDER_FAILED', 'modprobe vboxdrv'],
  ['VBoxManage: error: VT-x is not available (VERR_VMX_NO_VMX)', 'PROVIDER_FAILED', 'hardware virtualisation'],
  ['VBoxManage: error: Could not write (VERR_DISK_FULL)', 'DISK_FULL', 'free some space'],
  ["VBoxManage: error: Invalid guest OS type 'Cow_64'", 'PROVIDER_FAILED', 'list ostypes'],
])('%s', async (words, code, hint) => {
  const { box } = await program(`echo "${words}" >&2; exit 1`)
  await expect(box.manage(['startvm', 'x'], { signal })).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) as unknown })
})

test('a program that is not there', async () => {
  await expect(vboxManage('/nowhere/VBoxManage').manage(['list', 'vms'], { signal })).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: "there is no program '/nowhere/VBoxManage' on this machine",
    hint: expect.stringContaining('install VirtualBox 7') as unknown,
  })
})

test('the version stands behind warnings, or is not told', async () => {
  const warned = await program(
    "printf 'WARNING: The character device /dev/vboxdrv does not exist.\\n\\t modprobe 1.2.3\\n7.0.20_Debianr163906\\n'",
  )
  expect(await virtualBoxVersion(warned.box, signal)).toEqual({ number: '7.0.20', full: '7.0.20_Debianr163906' })
  const silent = await program('echo hello')
  await expect(virtualBoxVersion(silent.box, signal)).rejects.toMatchObject({ code: 'PROVIDER_FAILED' })
})
