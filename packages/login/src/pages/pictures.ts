// biome-ignore-all lint/style/noExcessiveLinesPerFile: a table of drawings
// The pictures to choose from, drawn by us of plain shapes. What a customer keeps is drawn anew from one, so that a later
// change of a drawing changes nobody's picture.

function picture(shapes: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240" width="320" height="240">${shapes.replaceAll(/\n\s*/g, '')}</svg>`
}

/** By name; the word for each is in `browser/words.ts`. */
export const PICTURES = {
  sailboat: picture(`
    <rect width="320" height="240" fill="#bfe3f5"/>
    <circle cx="262" cy="52" r="26" fill="#ffd45e"/>
    <rect y="170" width="320" height="70" fill="#2f7fb5"/>
    <path d="M154 30v128h-84z" fill="#fff"/>
    <path d="M166 52v106h70z" fill="#e5533d"/>
    <path d="M60 168h196l-28 34H94z" fill="#7a4a2b"/>
    <path d="M0 206q20-14 40 0t40 0 40 0 40 0 40 0 40 0 40 0 40 0v34H0z" fill="#246a9b"/>`),
  lighthouse: picture(`
    <rect width="320" height="240" fill="#28335c"/>
    <path d="M160 62L320 20v84z" fill="#ffe9a3" opacity=".75"/>
    <path d="M160 62L0 20v84z" fill="#ffe9a3" opacity=".35"/>
    <path d="M136 80h48l14 130h-76z" fill="#fff"/>
    <path d="M132.800 112h54.400l3.500 32h-61.400zM125.800 176h68.400l3.800 34h-76z" fill="#d8343b"/>
    <rect x="138" y="46" width="44" height="34" fill="#ffd45e"/>
    <path d="M130 46h60l-30-26z" fill="#d8343b"/>
    <path d="M60 240q20-44 100-44t100 44z" fill="#5b6272"/>`),
  cactus: picture(`
    <rect width="320" height="240" fill="#fbdcb0"/>
    <circle cx="70" cy="64" r="30" fill="#f58a4b"/>
    <path d="M0 190q80-24 160-6t160-4v60H0z" fill="#dba35c"/>
    <path d="M160 200V70M160 150h-42v-40M160 132h44V88" fill="none" stroke="#2e8b57" stroke-width="32" stroke-linecap="round" stroke-linejoin="round"/>
    <circle cx="160" cy="50" r="11" fill="#e84a8a"/>
    <circle cx="204" cy="68" r="9" fill="#e84a8a"/>`),
  balloon: picture(`
    <rect width="320" height="240" fill="#8fd0ee"/>
    <ellipse cx="66" cy="70" rx="40" ry="16" fill="#fff"/>
    <ellipse cx="262" cy="126" rx="42" ry="16" fill="#fff"/>
    <path d="M160 20c-56 0-74 40-74 68 0 36 40 62 56 86h36c16-24 56-50 56-86 0-28-18-68-74-68z" fill="#e5533d"/>
    <path d="M160 20c-22 0-30 40-30 68 0 36 16 62 22 86h16c6-24 22-50 22-86 0-28-8-68-30-68z" fill="#ffd45e"/>
    <path d="M144 174l4 24M176 174l-4 24" stroke="#5d3a1d" stroke-width="3"/>
    <rect x="142" y="196" width="36" height="28" rx="5" fill="#8a5a33"/>`),
  fox: picture(`
    <rect width="320" height="240" fill="#dcebd2"/>
    <path d="M70 40l76 40h28l76-40-10 90-80 84-80-84z" fill="#e2762c"/>
    <path d="M84 62l40 22-32 20zM236 62l-40 22 32 20z" fill="#5b2c12"/>
    <path d="M80 132l56 8 24 74zM240 132l-56 8-24 74z" fill="#fff"/>
    <circle cx="126" cy="122" r="9" fill="#222"/>
    <circle cx="194" cy="122" r="9" fill="#222"/>
    <path d="M146 196h28l-14 18z" fill="#222"/>`),
  whale: picture(`
    <rect width="320" height="240" fill="#d8f1f3"/>
    <path d="M150 70q-24-40-48-20M150 70q24-40 48-20M150 74V40" fill="none" stroke="#4aa3c7" stroke-width="8" stroke-linecap="round"/>
    <path d="M40 150c0-50 60-70 116-66 44 4 74 34 94 44 20-6 24-22 20-40 24 6 36 22 38 36-6 40-50 84-140 84C90 208 40 196 40 150z" fill="#33658a"/>
    <path d="M46 166c30 14 110 18 170 4-24 24-60 34-96 34-42-2-66-16-74-38z" fill="#e9f2f7"/>
    <circle cx="90" cy="136" r="8" fill="#fff"/>
    <circle cx="90" cy="136" r="4" fill="#111"/>`),
  mushroom: picture(`
    <rect width="320" height="240" fill="#e8f0c9"/>
    <path d="M0 200q160-30 320 0v40H0z" fill="#6a9c3f"/>
    <path d="M126 120h68l10 84q-44 20-88 0z" fill="#fbf3e2"/>
    <path d="M52 134q4-98 108-98t108 98q-108 30-216 0z" fill="#c8202f"/>
    <circle cx="110" cy="94" r="15" fill="#fff"/>
    <circle cx="166" cy="66" r="13" fill="#fff"/>
    <circle cx="218" cy="100" r="16" fill="#fff"/>
    <circle cx="164" cy="116" r="11" fill="#fff"/>`),
  bicycle: picture(`
    <rect width="320" height="240" fill="#f7efe0"/>
    <rect y="204" width="320" height="36" fill="#cdbfa4"/>
    <g fill="none" stroke="#333" stroke-width="8">
    <circle cx="88" cy="158" r="46"/>
    <circle cx="232" cy="158" r="46"/></g>
    <path d="M88 158l46-70h70l28 70M134 88l26 70H88M160 158l44-70" fill="none" stroke="#1b8a7a" stroke-width="9" stroke-linejoin="round"/>
    <path d="M204 88l-8-28h32M122 72h30M134 88l-4-16" fill="none" stroke="#333" stroke-width="9" stroke-linecap="round"/>
    <circle cx="160" cy="158" r="11" fill="#333"/>`),
  umbrella: picture(`
    <rect width="320" height="240" fill="#a9b8c6"/>
    <path d="M40 40l-10 24M90 24L80 48M250 30l-10 24M292 60l-10 24M36 180l-10 24M270 190l-10 24M230 160l-10 24M84 170l-10 24" stroke="#5d7d9a" stroke-width="6" stroke-linecap="round"/>
    <path d="M56 134q4-90 104-94 100 4 104 94-17-22-34-22t-35 22q-17-22-35-22t-35 22q-17-22-35-22t-34 22z" fill="#7b3fa0"/>
    <path d="M125 134q2-80 35-94 33 14 35 94-17-22-35-22t-35 22z" fill="#a866cc"/>
    <path d="M160 114v78q0 20-18 20t-18-18" fill="none" stroke="#4a2f1a" stroke-width="9" stroke-linecap="round"/>`),
  teapot: picture(`
    <rect width="320" height="240" fill="#ffe0e3"/>
    <rect y="196" width="320" height="44" fill="#b9785f"/>
    <path d="M88 118L42 92q-6 44 60 78z" fill="#2b6cb0"/>
    <path d="M226 106q54-14 50 26t-58 40" fill="none" stroke="#2b6cb0" stroke-width="16"/>
    <path d="M84 118q0-42 76-42t76 42q0 74-40 80h-72q-40-6-40-80z" fill="#3b82c9"/>
    <path d="M110 80q50-34 100 0z" fill="#2b6cb0"/>
    <circle cx="160" cy="56" r="10" fill="#ffd45e"/>
    <circle cx="130" cy="140" r="9" fill="#fff"/>
    <circle cx="160" cy="152" r="9" fill="#fff"/>
    <circle cx="190" cy="140" r="9" fill="#fff"/>`),
  owl: picture(`
    <rect width="320" height="240" fill="#1f2f46"/>
    <circle cx="262" cy="50" r="28" fill="#f6f0cf"/>
    <rect y="204" width="320" height="16" fill="#5d3a1d"/>
    <path d="M98 60q18 12 62 12t62-12v84q0 64-62 64t-62-64z" fill="#8d6239"/>
    <ellipse cx="160" cy="166" rx="38" ry="42" fill="#d9b98a"/>
    <circle cx="130" cy="104" r="30" fill="#fff"/>
    <circle cx="190" cy="104" r="30" fill="#fff"/>
    <circle cx="130" cy="104" r="14" fill="#e88b1a"/>
    <circle cx="190" cy="104" r="14" fill="#e88b1a"/>
    <circle cx="130" cy="104" r="7" fill="#111"/>
    <circle cx="190" cy="104" r="7" fill="#111"/>
    <path d="M150 124h20l-10 20z" fill="#f2a33a"/>`),
  mountain: picture(`
    <rect width="320" height="240" fill="#f9cfa6"/>
    <circle cx="160" cy="88" r="40" fill="#f4743b"/>
    <path d="M-20 240L90 84l110 156z" fill="#5a4a78"/>
    <path d="M90 84l31 44-18 12-13-12-16 14-15-12z" fill="#fff"/>
    <path d="M120 240L232 60l120 180z" fill="#7a68a0"/>
    <path d="M232 60l33 50-18 14-16-14-18 16-14-14z" fill="#fff"/>`),
  apple: picture(`
    <rect width="320" height="240" fill="#f4f7c5"/>
    <path d="M160 84q-20-22-52-12c-40 14-34 80-8 120 18 26 36 26 60 16 24 10 42 10 60-16 26-40 32-106-8-120q-32-10-52 12z" fill="#cf2a2a"/>
    <path d="M160 84q-2-30 14-50" fill="none" stroke="#5d3a1d" stroke-width="9" stroke-linecap="round"/>
    <path d="M170 58q20-36 62-28-10 36-62 28z" fill="#4c9a3d"/>
    <ellipse cx="118" cy="112" rx="11" ry="20" fill="#f0837e" transform="rotate(24 118 112)"/>`),
  rocket: picture(`
    <rect width="320" height="240" fill="#191a3a"/>
    <g fill="#fff">
    <circle cx="50" cy="50" r="3"/>
    <circle cx="96" cy="150" r="2"/>
    <circle cx="270" cy="170" r="3"/>
    <circle cx="230" cy="36" r="2"/>
    <circle cx="40" cy="196" r="2"/></g>
    <circle cx="268" cy="72" r="24" fill="#c98bdb"/>
    <path d="M124 120l-30 62 36-12zM196 120l30 62-36-12z" fill="#d8343b"/>
    <path d="M160 18q44 50 36 152h-72q-8-102 36-152z" fill="#eef1f5"/>
    <path d="M160 18q20 22 29 54h-58q9-32 29-54z" fill="#d8343b"/>
    <circle cx="160" cy="106" r="18" fill="#4aa3df"/>
    <path d="M136 176h48l-24 54z" fill="#ffb02e"/>`),
  cat: picture(`
    <rect width="320" height="240" fill="#ffd9c2"/>
    <path d="M84 32l52 40h48l52-40v102q0 80-76 80t-76-80z" fill="#4a4f57"/>
    <path d="M98 62l26 22-26 16zM222 62l-26 22 26 16z" fill="#f2a7b5"/>
    <ellipse cx="126" cy="126" rx="16" ry="13" fill="#b8e04a"/>
    <ellipse cx="194" cy="126" rx="16" ry="13" fill="#b8e04a"/>
    <ellipse cx="126" cy="126" rx="4" ry="12" fill="#111"/>
    <ellipse cx="194" cy="126" rx="4" ry="12" fill="#111"/>
    <path d="M150 154h20l-10 12z" fill="#f2a7b5"/>
    <path d="M40 148l66 10M40 182l66-8M280 148l-66 10M280 182l-66-8" stroke="#222" stroke-width="4" stroke-linecap="round"/>`),
  sunflower: picture(`
    <rect width="320" height="240" fill="#9ad3f0"/>
    <path d="M160 130v110" stroke="#3f8f3a" stroke-width="14"/>
    <path d="M160 204q-60 4-78-36 60-8 78 36zM160 216q60 4 78-36-60-8-78 36z" fill="#4caf50"/>
    <g fill="#ffc31f">
    <ellipse cx="160" cy="50" rx="18" ry="40"/>
    <ellipse cx="160" cy="150" rx="18" ry="40"/>
    <ellipse cx="110" cy="100" rx="40" ry="18"/>
    <ellipse cx="210" cy="100" rx="40" ry="18"/>
    <ellipse cx="160" cy="50" rx="18" ry="40" transform="rotate(45 160 100)"/>
    <ellipse cx="160" cy="150" rx="18" ry="40" transform="rotate(45 160 100)"/>
    <ellipse cx="110" cy="100" rx="40" ry="18" transform="rotate(45 160 100)"/>
    <ellipse cx="210" cy="100" rx="40" ry="18" transform="rotate(45 160 100)"/></g>
    <circle cx="160" cy="100" r="34" fill="#6b4220"/>`),
  windmill: picture(`
    <rect width="320" height="240" fill="#cfe8d8"/>
    <path d="M0 196h320v44H0z" fill="#7cb257"/>
    <path d="M128 100h64l20 110H108z" fill="#b5543a"/>
    <path d="M122 100q38-54 76 0z" fill="#5d3a1d"/>
    <rect x="146" y="172" width="28" height="38" fill="#3a2413"/>
    <g fill="#fffdf3" stroke="#5d3a1d" stroke-width="4">
    <path d="M160 92L240 12l14 14-80 80zM160 92L80 12 66 26l80 80zM160 92l80 80 14-14-80-80zM160 92l-80 80-14-14 80-80z"/></g>
    <circle cx="160" cy="92" r="10" fill="#333"/>`),
  snail: picture(`
    <rect width="320" height="240" fill="#eadcf4"/>
    <path d="M0 204h320v36H0z" fill="#8cbf6a"/>
    <path d="M60 204q-10-40 24-60l-6-44M84 144l30-40" fill="none" stroke="#c9a063" stroke-width="10" stroke-linecap="round"/>
    <path d="M46 204q-2-60 40-62 34 0 40 34h120q34 0 44 28z" fill="#d9b67c"/>
    <circle cx="190" cy="124" r="66" fill="#b0472f"/>
    <path d="M190 124a14 14 0 1 1 14 14 32 32 0 1 1 18-46 48 48 0 1 1-74 60" fill="none" stroke="#f6d9a8" stroke-width="9" stroke-linecap="round"/>
    <circle cx="78" cy="98" r="7" fill="#333"/>
    <circle cx="116" cy="102" r="7" fill="#333"/>`),
} as const satisfies Readonly<Record<string, string>>

/** The name of a picture. */
export type PictureName = keyof typeof PICTURES
