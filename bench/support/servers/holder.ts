// What a server that holds sessions answers to who started it.

/** Says where it listens, and from then on does what it is told: collect what is garbage, or one of `commands`. */
export function answerHolder(
  port: number,
  commands: Readonly<Record<string, (argument: string) => Promise<unknown>>>,
): void {
  const { gc } = globalThis
  if (gc === undefined || process.send === undefined) throw new Error('started without --expose-gc, or by nobody')
  const answer = (value: unknown) => void process.send?.(value)
  process.on('message', async ([command, argument]: [string, string]) => {
    if (command !== 'collect') return answer(await commands[command]?.(argument))
    gc()
    answer({})
  })
  process.on('disconnect', () => process.exit())
  answer({ port })
}
