// Choosing picture and phrase: one of ours or one's own, drawn anew, and shown as it will be.
import { element, explain, fault, say, show, write } from './dom.ts'
import { drawPicture } from './draw.ts'
import type { Octets } from './octets.ts'
import { PictureError, redrawFile, redrawImage } from './redraw.ts'
import { MAX_PHRASE_OCTETS, writeShown } from './shown.ts'

const input = (id: string) => element(id, HTMLInputElement)
const radios = () => document.querySelectorAll<HTMLInputElement>('input[name=picture]')
let picture: Octets | undefined
/** What is being looked at; whoever chooses once more has chosen that. */
let taking: symbol | undefined

/** Fills the fields with life. Answers what tells the choice, as it is sealed; undefined where something is missing, which is said there. */
export function choosePicture(): (password: string) => Octets | undefined {
  input('file').addEventListener('change', () => void takePicture(takeFile))
  for (const radio of radios()) radio.addEventListener('change', () => void takePicture(() => takeBuiltIn(radio)))
  input('phrase').addEventListener('input', () => write('chosen-phrase', `“${input('phrase').value}”`))
  return chosen
}

function chosen(password: string): Octets | undefined {
  const phrase = input('phrase').value.trim().normalize('NFC')
  if (picture === undefined || taking !== undefined) {
    write('picture-fault', say('set-up.picture-missing'))
    show('picture-fault')
    return undefined
  }
  if (phrase === '' || new TextEncoder().encode(phrase).length > MAX_PHRASE_OCTETS) {
    fault('phrase', say('set-up.phrase-missing'))
    return undefined
  }
  if (phrase === password.normalize('NFC')) {
    fault('phrase', say('set-up.phrase-is-password'))
    return undefined
  }
  return writeShown({ phrase, picture })
}

/** Takes it, where nothing else was chosen meanwhile. What is not taken leaves the choice of before as it is. */
async function takePicture(take: () => Promise<Taken | undefined>): Promise<void> {
  const own = Symbol()
  taking = own
  show('picture-fault', false)
  try {
    const taken = await take()
    if (taking !== own || taken === undefined) return
    await drawPicture(taken.picture, 'canvas')
    picture = taken.picture
    taken.unchoose()
    show('chosen')
  } catch (error) {
    if (taking !== own) return
    write('picture-fault', error instanceof PictureError ? say(`picture.${error.fault}`) : explain(error))
    show('picture-fault')
    noFile()
  } finally {
    if (taking === own) taking = undefined
  }
}

/** A picture, drawn anew, and what was chosen in the other way. */
interface Taken {
  readonly picture: Octets
  unchoose(): void
}

async function takeFile(): Promise<Taken | undefined> {
  const [file] = input('file').files ?? []
  if (file === undefined) return undefined
  const unchoose = () => {
    for (const radio of radios()) radio.checked = false
  }
  return { picture: await redrawFile(file), unchoose }
}

async function takeBuiltIn(radio: HTMLInputElement): Promise<Taken | undefined> {
  const image = radio.nextElementSibling
  return image instanceof HTMLImageElement ? { picture: await redrawImage(image), unchoose: noFile } : undefined
}

function noFile(): void {
  input('file').value = ''
}
