import * as ec2 from '@aws-sdk/client-ec2'
import type { EC2Client, Image, Instance, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { expect, vi } from 'vitest'

/** The code of the error that a call is refused with; `undefined` when it is not. */
export async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  return await call.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  )
}

/** The id of Debian's newest image for amd64. */
export async function debian(client: EC2Client): Promise<string> {
  const Filters = [{ Name: 'name', Values: ['debian-12-amd64-20261110-*'] }]
  const { Images = [] } = await client.send(new ec2.DescribeImagesCommand({ Filters }))
  return Images[0]?.ImageId ?? ''
}

/** Starts an instance of it; answers with its id. */
export async function start(client: EC2Client, more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const request = { ImageId: await debian(client), InstanceType: 't3.small' as const, MinCount: 1, MaxCount: 1, ...more }
  const { Instances } = await client.send(new ec2.RunInstancesCommand(request))
  return Instances?.[0]?.InstanceId ?? ''
}

/** An instance as it is now. */
export async function instanceOf(client: EC2Client, id: string): Promise<Instance | undefined> {
  const { Reservations } = await client.send(new ec2.DescribeInstancesCommand({ InstanceIds: [id] }))
  return Reservations?.[0]?.Instances?.[0]
}

/** Waits until an instance is in a state. */
export async function untilInstance(client: EC2Client, id: string, state: string): Promise<void> {
  await vi.waitFor(async () => expect((await instanceOf(client, id))?.State?.Name).toBe(state), { timeout: 5000, interval: 5 })
}

/** Starts an instance, and waits until it runs. */
export async function running(client: EC2Client, more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const id = await start(client, more)
  await untilInstance(client, id, 'running')
  return id
}

/** An image as it is now. */
export async function imageOf(client: EC2Client, id: string): Promise<Image | undefined> {
  const { Images } = await client.send(new ec2.DescribeImagesCommand({ ImageIds: [id] }))
  return Images?.[0]
}

/** Waits until an image is in a state. */
export async function untilImage(client: EC2Client, id: string, state: string): Promise<void> {
  await vi.waitFor(async () => expect((await imageOf(client, id))?.State).toBe(state), { timeout: 5000, interval: 5 })
}

/** Makes an image of an instance of its own; answers with the ids of both. */
export async function makeImage(client: EC2Client, Name = 'cow'): Promise<{ readonly image: string; readonly instance: string }> {
  const instance = await running(client)
  const { ImageId = '' } = await client.send(new ec2.CreateImageCommand({ InstanceId: instance, Name }))
  await untilImage(client, ImageId, 'available')
  return { image: ImageId, instance }
}
