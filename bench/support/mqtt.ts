// Callers of a broker, or of a door before one: connections, or messages from one to another. Usage:
// mqtt.ts connects|messages PORT COUNT QOS CERTIFICATE KEY TRUST
import { readFileSync } from 'node:fs'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'

const [act, port, count, qos, certificate = '', key = '', trust = ''] = process.argv.slice(2)
const PAYLOAD = Buffer.alloc(100, 'x')
/** Connections, and unanswered messages, at once. */
const AT_ONCE = 16
const TOPIC = 'bench/messages'

const files = { cert: readFileSync(certificate), key: readFileSync(key), ca: readFileSync(trust) }
const total = Number(count)
const level = Number(qos) === 1 ? 1 : 0
process.stdout.write(JSON.stringify({ done: act === 'connects' ? await connects() : await messages() }))

function begin(clientId: string): Promise<MqttClient> {
  const options: IClientOptions = {
    ...{ protocol: 'mqtts', host: '127.0.0.1', port: Number(port), servername: 'bench.localhost', ...files },
    ...{ clientId, protocolVersion: 5, reconnectPeriod: 0 },
  }
  const client = mqtt.connect(options)
  return new Promise((resolve, reject) => void client.once('connect', () => resolve(client)).once('error', reject))
}

async function connects(): Promise<number> {
  let begun = 0
  let done = 0
  const one = async () => {
    while (begun < total) {
      const client = await begin(`bench:${begun++}`)
      await client.endAsync()
      done++
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return done
}

async function messages(): Promise<number> {
  const [from, to] = await Promise.all([begin('bench:from'), begin('bench:to')])
  const { promise, resolve } = Promise.withResolvers<void>()
  let came = 0
  to.on('message', () => {
    if (++came === total) resolve()
  })
  await to.subscribeAsync(TOPIC, { qos: level })
  let sent = 0
  const one = async () => {
    while (sent < total) {
      sent++
      await from.publishAsync(TOPIC, PAYLOAD, { qos: level })
      // A broker drops what it cannot send at QoS 0: no more are on their way than it holds.
      while (sent - came > 80) await new Promise((next) => setImmediate(next))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  await promise
  await Promise.all([from.endAsync(), to.endAsync()])
  return came
}
