// Every way in which the door for MQTT says no, beside the gate and the policy: rows of the table of refusals.

/** Clause, fault, step, what the caller reads, and what to do next. */
export const MQTT_REFUSALS = {
  ERR_MQTT_PACKET: ['MQTT 5.0 §4.13', 'caller', 6, 'a packet cannot be read', 'send well-formed packets of MQTT'],
  ERR_MQTT_PACKET_SIZE: [
    'MQTT 5.0 §3.2.2.3.6',
    'caller',
    6,
    'a packet is larger than this door takes',
    'send smaller messages, or ask the operator for maxPacketOctets',
  ],
  ERR_MQTT_PROTOCOL: [
    'MQTT 5.0 §4.13',
    'caller',
    6,
    'this packet may not come now, or in this form',
    'connect once, without aliases of topics, and send what a client sends',
  ],
  ERR_MQTT_NO_CONNECT: [
    'MQTT 5.0 §3.1',
    'caller',
    6,
    'no CONNECT came in time',
    'send CONNECT as soon as the channel stands',
  ],
  ERR_MQTT_VERSION: [
    'MQTT 5.0 §3.1.2.2',
    'caller',
    6,
    'this door speaks MQTT 3.1.1 and 5',
    'use a client of one of them',
  ],
  ERR_MQTT_AUTHENTICATION: [
    'MQTT 5.0 §4.12',
    'caller',
    6,
    'the certificate has proved who you are, and nothing else is asked',
    'leave the authentication method out',
  ],
  ERR_MQTT_CLIENT_ID: [
    'MQTT 5.0 §3.1.3.1',
    'caller',
    6,
    'the client identifier is not yours',
    'use the name in your certificate, alone or with a colon and more behind it; or none with a clean start',
  ],
  ERR_MQTT_TOPIC: [
    'MQTT 5.0 §4.7',
    'caller',
    6,
    'nobody may do this with that topic here',
    'ask the operator which topics this door has',
  ],
} as const
