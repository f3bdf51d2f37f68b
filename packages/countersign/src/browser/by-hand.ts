// What a person does where this program cannot: a line for each kind of machine, browser and telephone.
import { shellWord } from '../output/shell-word.ts'

type Platform = 'linux' | 'darwin' | 'win32' | 'phone'

/** The lines in the order of who is most likely asked for: this machine first. `root` is the file of the authority. */
export function byHand(root: string, platform: string): readonly string[] {
  const file = shellWord(root)
  const lines: Readonly<Record<Platform, readonly string[]>> = {
    linux: [
      'Debian, Ubuntu: sudo apt-get install ca-certificates libnss3-tools, then this command again',
      `Fedora, Arch, openSUSE: sudo trust anchor ${file}`,
      'Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import (trust it for websites);',
      '  what countersign export --pkcs12 wrote goes to Your Certificates, Import',
      'Chromium, Chrome, Edge: chrome://certificate-manager, where both can be imported',
    ],
    darwin: [
      `macOS: sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${file}`,
      '  what countersign export --pkcs12 wrote: security import alice.p12 -k ~/Library/Keychains/login.keychain-db',
    ],
    win32: [
      `Windows, as administrator: certutil -addstore -f Root "${root}"`,
      '  what countersign export --pkcs12 wrote: certutil -user -importPFX alice.p12',
    ],
    phone: [
      'iPhone, Android: send the root certificate and the PKCS#12 file, open each, and follow the settings;',
      '  on an iPhone also: Settings, General, About, Certificate Trust Settings',
    ],
  }
  const own = Object.hasOwn(lines, platform) ? lines[platform as Platform] : []
  return [
    ...own,
    ...Object.values(lines)
      .filter((each) => each !== own)
      .flat(),
  ]
}
