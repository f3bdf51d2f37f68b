// Where a customer chooses picture and phrase: at the set-up, and later in the account.
import { isWord } from '../browser/words.ts'
import type { Writing } from './document.ts'
import { type Html, html } from './html.ts'
import { PICTURES } from './pictures.ts'

/** The fields, which `browser/choose-picture.ts` fills with life. */
export function pictureFields({ say, url }: Writing): Html {
  const pictures = Object.keys(PICTURES).map((name) => {
    const word = `picture.${name}`
    return html`<label><input type="radio" name="picture" value="${name}"><img src="${url(`${name}.svg`)}" width="320" height="240" alt="" loading="lazy"><span>${isWord(word) ? say(word) : name}</span></label>`
  })
  return html`<fieldset class="pictures" aria-describedby="picture-fault"><legend>${say('set-up.choose')}</legend>
${pictures}
</fieldset>
<div class="field"><label for="file">${say('set-up.own')}</label>
<p class="hint" id="file-hint">${say('set-up.own-hint')}</p>
<input type="file" id="file" accept="image/png,image/jpeg,image/webp,image/gif" aria-describedby="file-hint picture-fault">
<p class="fault" id="picture-fault" role="alert" hidden></p></div>
<div class="field"><label for="phrase">${say('set-up.phrase')}</label>
<p class="hint" id="phrase-hint">${say('set-up.phrase-hint')}</p>
<input type="text" id="phrase" name="phrase" autocomplete="off" required maxlength="80" aria-describedby="phrase-hint phrase-fault">
<p class="fault" id="phrase-fault" hidden></p></div>
<div id="chosen" hidden><h3>${say('set-up.chosen')}</h3>
<figure class="shown"><canvas id="canvas" width="320" height="240" role="img" aria-label="${say('sign-in.picture-label')}"></canvas><figcaption id="chosen-phrase"></figcaption></figure></div>`
}
