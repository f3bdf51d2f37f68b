// One caller at the engine as a machine: what may come when, and what follows. It does nothing itself.
//
// A caller that ends is blocked before the engine is told: the engine goes on for up to five seconds, and waits for the
// client's own acknowledgement.

/** Where a caller is. `leaving`: nothing of it flows any more, and the engine has not let go of it yet. */
export const STAGES = ['asked', 'entering', 'open', 'leaving'] as const
/** One of them. */
export type Stage = (typeof STAGES)[number]

/** What is known of it. */
export interface Client {
  readonly stage: Stage
  /** Which key of it waits for an answer, as long as one does. */
  readonly kid: number
  /** Its own in the tunnel, once it has one. */
  readonly address?: string
}

/** What happens to a caller. `words` are for the client to read. */
export type ClientEvent =
  | { readonly type: 'asks'; readonly kid: number }
  /** The gate has let it in. */
  | { readonly type: 'accepted'; readonly address: string }
  /** By the gate; or, once it has let it in, since the rules are not to be had. */
  | { readonly type: 'refused'; readonly words: string }
  /** What it may reach is open for it now. */
  | { readonly type: 'admitted' }
  /** It has renewed its keys, and is the same, or not. */
  | { readonly type: 'renewed'; readonly kid: number; readonly refusal?: string }
  | { readonly type: 'cut'; readonly words: string; readonly comesBack: boolean }
  /** The engine has let go of it, or is gone itself. */
  | { readonly type: 'gone' }

/** What is to be done, in this order, each before the next. */
export type ClientEffect =
  | { readonly type: 'judge'; readonly kid: number }
  /** Opens what it may reach. */
  | { readonly type: 'admit'; readonly address: string }
  /** Nothing from or to it flows any more when this is done. */
  | { readonly type: 'block'; readonly address: string }
  /** The engine goes on with it. */
  | { readonly type: 'confirm'; readonly kid: number; readonly address?: string }
  | { readonly type: 'deny'; readonly kid: number; readonly words: string }
  /** The engine ends it. */
  | { readonly type: 'kill'; readonly words: string; readonly comesBack: boolean }
  /** Its session is over, and its address free. */
  | { readonly type: 'release' }

/** What came of an event. */
export interface ClientTransition {
  /** Absent: nobody is there. */
  readonly client?: Client
  readonly effects: readonly ClientEffect[]
}

/** Pure. An event that has no place where the caller is leads to nothing. */
export function stepClient(client: Client | undefined, event: ClientEvent): ClientTransition {
  if (client === undefined) return begin(event)
  switch (event.type) {
    case 'asks':
      // The engine has begun anew with it.
      return { client, effects: [deny(event.kid, 'connect again')] }
    case 'accepted':
      if (client.stage !== 'asked') return { client, effects: [] }
      return {
        client: { ...client, stage: 'entering', address: event.address },
        effects: [{ type: 'admit', address: event.address }],
      }
    case 'refused':
      if (client.stage !== 'asked' && client.stage !== 'entering') return { client, effects: [] }
      return { client: { ...client, stage: 'leaving' }, effects: [...blocked(client), deny(client.kid, event.words)] }
    case 'admitted':
      if (client.stage !== 'entering' || client.address === undefined) return { client, effects: [] }
      return {
        client: { ...client, stage: 'open' },
        effects: [{ type: 'confirm', kid: client.kid, address: client.address }],
      }
    case 'renewed':
      return renewed(client, event)
    case 'cut':
      return cut(client, event)
    case 'gone':
      return { effects: [...blocked(client), { type: 'release' }] }
  }
}

function begin(event: ClientEvent): ClientTransition {
  switch (event.type) {
    case 'asks':
      return { client: { stage: 'asked', kid: event.kid }, effects: [{ type: 'judge', kid: event.kid }] }
    case 'accepted':
      // It was gone before the gate had decided.
      return { effects: [{ type: 'release' }] }
    case 'renewed':
      return { effects: [deny(event.kid, 'connect again')] }
    case 'refused':
    case 'admitted':
    case 'cut':
    case 'gone':
      return { effects: [] }
  }
}

function renewed(
  client: Client,
  { kid, refusal }: Extract<ClientEvent, { readonly type: 'renewed' }>,
): ClientTransition {
  if (client.stage !== 'open') return { client, effects: [deny(kid, refusal ?? 'connect again')] }
  if (refusal === undefined) return { client, effects: [{ type: 'confirm', kid }] }
  return { client, effects: [deny(kid, refusal)] }
}

function cut(client: Client, { words, comesBack }: Extract<ClientEvent, { readonly type: 'cut' }>): ClientTransition {
  const leaving: Client = { ...client, stage: 'leaving' }
  switch (client.stage) {
    case 'asked':
    case 'entering':
      return { client: leaving, effects: [...blocked(client), deny(client.kid, words)] }
    case 'open':
      return { client: leaving, effects: [...blocked(client), { type: 'kill', words, comesBack }] }
    case 'leaving':
      return { client, effects: [] }
  }
}

function blocked({ stage, address }: Client): readonly ClientEffect[] {
  return address === undefined || stage === 'leaving' ? [] : [{ type: 'block', address }]
}

function deny(kid: number, words: string): ClientEffect {
  return { type: 'deny', kid, words }
}
