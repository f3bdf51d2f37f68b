// Choosing picture and phrase: one of ours or one's own, drawn anew, and shown as it will be.
import { element, explain, fault, say, show, write } from './dom.ts'
import { drawPicture } from './draw.ts'
import type { Octets } from './octets.ts'
import { MAX_PHRASE_OCTETS, writeShown } from './shown.ts'

const input = (id: string) => element(id, HTMLInputElement)
let picture: Octets | undefined

/** Fills the fields with life. Answers what tells the choice, as it is sealed; undefined where something is missing, which is said there. */
export function choosePicture(): (password: string) => Octets | undefined {
  input('file').addEventListener('change', () => void takePicture(takeFile))
  for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=picture]')) {
    radio.addEventListener('change', () => void takePicture(() => takeBuiltIn(radio)))
  }
  input('phrase').addEventListener('input', () => write('chosen-phrase', `“${input('phrase').value}”`))
  return chosen
}

function chosen(password: string): Octets | undefined {
  const phrase = input('phrase').value.trim().normalize('NFC')
  if (picture === undefined) {
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

async function takePicture(take: () => Promise<Octets | undefined>): Promise<void> {
  const { PictureError } = await import('./redraw.ts')
  show('picture-fault', false)
  try {
    const taken = await take()
    if (taken === undefined) return
    picture = taken
    await drawPicture(taken, 'canvas')
    show('chosen')
  } catch (error) {
    picture = undefined
    show('chosen', false)
    write('picture-fault', error instanceof PictureError ? say(`picture.${error.fault}`) : explain(error))
    show('picture-fault')
  }
}

async function takeFile(): Promise<Octets | undefined> {
  const { redrawFile } = await import('./redraw.ts')
  const [file] = input('file').files ?? []
  if (file === undefined) return undefined
  for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=picture]')) radio.checked = false
  return redrawFile(file)
}

async function takeBuiltIn(radio: HTMLInputElement): Promise<Octets | undefined> {
  const { redrawImage } = await import('./redraw.ts')
  const image = radio.nextElementSibling
  if (!(image instanceof HTMLImageElement)) return undefined
  input('file').value = ''
  return redrawImage(image)
}
