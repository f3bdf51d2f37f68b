// biome-ignore-all lint/style/noExcessiveLinesPerFile: a table of words
// Every text of the pages, in one table: English, and German. `{name}` stands for what is told with it.

const WORDS = {
  // On every page.
  'page.needs-script': [
    'These pages make keys in your browser, so that your password never leaves it. They need JavaScript.',
    'Diese Seiten machen Schlüssel in Ihrem Browser, damit Ihr Passwort ihn nie verlässt. Sie brauchen JavaScript.',
  ],
  'page.go-on': ['Go on', 'Weiter'],
  'page.back': ['Back', 'Zurück'],
  'page.cancel': ['Cancel', 'Abbrechen'],
  'page.show': ['Show', 'Zeigen'],
  'page.hide': ['Hide', 'Verbergen'],
  'page.moment': ['One moment…', 'Einen Moment…'],
  'page.account': ['Your account', 'Ihr Konto'],
  'page.no-keys': [
    'This browser keeps no keys here: perhaps it is in a private window, or storage is switched off. Please use an ordinary window.',
    'Dieser Browser behält hier keine Schlüssel: vielleicht ist es ein privates Fenster, oder Speichern ist abgeschaltet. Bitte nehmen Sie ein gewöhnliches Fenster.',
  ],
  'page.unreachable': [
    'No answer from {bank}. Check your connection, then try again.',
    'Keine Antwort von {bank}. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.',
  ],
  'page.other-address': [
    'Your browser refuses to use a passkey of {bank} here: this page is at another address, {address}. Close it, and type the address of {bank} yourself.',
    'Ihr Browser verweigert hier einen Passkey von {bank}: Diese Seite hat eine andere Adresse, {address}. Schließen Sie sie, und geben Sie die Adresse von {bank} selbst ein.',
  ],
  'page.failed': ['Something went wrong in this page: {why}', 'In dieser Seite ging etwas schief: {why}'],
  'page.reference': ['Reference: {reference}', 'Zeichen: {reference}'],
  'page.claim': [
    'What no page can prevent: a copy of it at another address, with a script of its own, could read what you type. So check the address first; a passkey cannot be used there at all.',
    'Was keine Seite verhindern kann: Eine Kopie an einer anderen Adresse, mit eigenem Skript, könnte lesen, was Sie tippen. Prüfen Sie also zuerst die Adresse; ein Passkey lässt sich dort gar nicht verwenden.',
  ],

  // What a field lacks.
  'fault.name': ['Please type your name.', 'Bitte geben Sie Ihren Namen ein.'],
  'fault.account': ['Please type the name of your account.', 'Bitte geben Sie Ihren Kontonamen ein.'],
  'fault.password': ['Please type your password.', 'Bitte geben Sie Ihr Passwort ein.'],
  'fault.code': ['Please type the six digits.', 'Bitte geben Sie die sechs Ziffern ein.'],
  'fault.code-wrong': [
    'This code is not right, or has been used. Please type a new one.',
    'Dieser Code stimmt nicht oder wurde schon benutzt. Bitte geben Sie einen neuen ein.',
  ],
  'fault.recovery': [
    'Please type one of your recovery codes, the whole of it.',
    'Bitte geben Sie einen Ihrer Ersatzcodes ein, und zwar ganz.',
  ],

  // The six steps.
  'steps.title': ['How you both prove yourselves', 'Wie Sie sich gegenseitig ausweisen'],
  'steps.you': ['You', 'Sie'],
  'steps.1': ['ask', 'fragen'],
  'steps.2': ['present', 'zeigen'],
  'steps.3': ['verify', 'prüfen'],
  'steps.4': ['present', 'zeigen'],
  'steps.5': ['verify', 'prüfen'],
  'steps.6': ['channel', 'Kanal'],
  'steps.proved': ['proved', 'bewiesen'],
  'steps.refused': ['refused', 'abgelehnt'],
  'steps.waiting': ['not yet', 'noch nicht'],
  'steps.now': ['now', 'jetzt'],
  'steps.sent': ['from you to {bank}', 'von Ihnen an {bank}'],
  'steps.received': ['from {bank} to you', 'von {bank} an Sie'],
  'steps.device-key': ['the key of this device', 'der Schlüssel dieses Geräts'],
  'steps.new-key': ['a new key, of a device not known yet', 'ein neuer Schlüssel, eines noch unbekannten Geräts'],
  'steps.copy': ['your picture, sealed to this device', 'Ihr Bild, für dieses Gerät verschlossen'],
  'steps.no-copy': ['no picture: this device is not known', 'kein Bild: dieses Gerät ist nicht bekannt'],
  'steps.no-picture-yet': ['no picture on this device yet', 'noch kein Bild auf diesem Gerät'],
  'steps.does-not-open': [
    'what came does not open on this device',
    'was kam, lässt sich auf diesem Gerät nicht öffnen',
  ],
  'steps.differs': ['your password opened another picture', 'Ihr Passwort hat ein anderes Bild geöffnet'],
  'steps.record': ['its proof that it keeps your record', 'der Beweis, dass Ihr Eintrag dort liegt'],
  'steps.look': ['you look at picture and phrase', 'Sie sehen Bild und Satz an'],
  'steps.matches': [
    'its answer fits your password, and both pictures are the same',
    'die Antwort passt zu Ihrem Passwort, und beide Bilder sind gleich',
  ],
  'steps.fits': ['its answer fits your password', 'die Antwort passt zu Ihrem Passwort'],
  'steps.by-address': ['the passkey is bound to this address', 'der Passkey ist an diese Adresse gebunden'],
  'steps.password': ['password (it never left this page)', 'Passwort (es hat diese Seite nie verlassen)'],
  'steps.code': ['password and one-time code', 'Passwort und Einmalcode'],
  'steps.passkey': ['passkey', 'Passkey'],
  'steps.confirmed': [
    'password, confirmed on a device you know, and code',
    'Passwort, auf bekanntem Gerät bestätigt, und Code',
  ],
  'steps.recovered': ['password and recovery code', 'Passwort und Ersatzcode'],
  'steps.restored': [
    'password, recovery code, and what was set up anew',
    'Passwort, Ersatzcode und was neu eingerichtet wurde',
  ],
  'steps.decided': ['{bank} lets you in', '{bank} lässt Sie ein'],
  'steps.session': [
    'a session bound to the key of this device',
    'eine Sitzung, an den Schlüssel dieses Geräts gebunden',
  ],

  // Sign-in.
  'sign-in.title': ['Sign in', 'Anmelden'],
  'sign-in.starting': ['This device proves its key to {bank}…', 'Dieses Gerät weist sich bei {bank} aus…'],
  'sign-in.ran-out': [
    'Your last session has run out. Sign in, and you are back where you were.',
    'Ihre letzte Sitzung ist abgelaufen. Melden Sie sich an, dann sind Sie wieder dort, wo Sie waren.',
  ],
  'sign-in.again': ['Start again', 'Neu beginnen'],
  'sign-in.who': ['Who signs in?', 'Wer meldet sich an?'],
  'sign-in.somebody-else': ['Somebody else', 'Jemand anderes'],
  'sign-in.not-you': ['Not {account}? Sign in as somebody else', 'Nicht {account}? Als jemand anderes anmelden'],
  'sign-in.your-picture': ['Your picture and your phrase', 'Ihr Bild und Ihr Satz'],
  'sign-in.picture-label': ['The picture that you chose', 'Das Bild, das Sie gewählt haben'],
  'sign-in.look': [
    'Only {bank} keeps them, sealed, and only this device could open them. Are they yours? Then type your password.',
    'Nur {bank} bewahrt sie auf, verschlossen, und nur dieses Gerät konnte sie öffnen. Sind es Ihre? Dann geben Sie Ihr Passwort ein.',
  ],
  'sign-in.not-mine': ['These are not mine', 'Das sind nicht meine'],
  'sign-in.stop-title': ['Do not type your password', 'Geben Sie Ihr Passwort nicht ein'],
  'sign-in.not-mine-text': [
    'Close this page. Type the address of {bank} yourself, or call them, and say that you were shown another picture.',
    'Schließen Sie diese Seite. Geben Sie die Adresse von {bank} selbst ein, oder rufen Sie an und sagen Sie, dass ein anderes Bild gezeigt wurde.',
  ],
  'sign-in.does-not-open': [
    'What came as your picture does not open on this device. Whoever sent it does not keep your account, or it was altered on the way.',
    'Was als Ihr Bild kam, lässt sich auf diesem Gerät nicht öffnen. Wer es geschickt hat, führt Ihr Konto nicht, oder es wurde unterwegs verändert.',
  ],
  'sign-in.differs': [
    'The picture that your password opened is not the one that this device opened. This sign-in has been stopped: somebody may stand between you and {bank}. Call them, and change your password from another device.',
    'Das Bild, das Ihr Passwort geöffnet hat, ist nicht das, das dieses Gerät geöffnet hat. Die Anmeldung wurde abgebrochen: Vielleicht steht jemand zwischen Ihnen und {bank}. Rufen Sie an, und ändern Sie Ihr Passwort von einem anderen Gerät aus.',
  ],
  'sign-in.no-picture-title': ['No picture on this device yet', 'Noch kein Bild auf diesem Gerät'],
  'sign-in.no-picture': [
    '{bank} knows this device, but your picture is not on it: you signed in by passkey here, or have changed the picture elsewhere since. It comes back after you have signed in with your password here once. If you have a passkey, use that: it is the safest.',
    '{bank} kennt dieses Gerät, aber Ihr Bild liegt nicht darauf: Sie haben sich hier mit einem Passkey angemeldet oder das Bild inzwischen anderswo geändert. Es ist wieder da, sobald Sie sich hier einmal mit dem Passwort angemeldet haben. Haben Sie einen Passkey, dann nehmen Sie ihn: Das ist am sichersten.',
  ],
  'sign-in.new-title': ['This browser is new here', 'Dieser Browser ist hier neu'],
  'sign-in.new': [
    'So {bank} cannot show you your picture yet. A password with its code is not enough on a new device. There are three ways in:',
    'Darum kann {bank} Ihr Bild noch nicht zeigen. Ein Passwort mit Code genügt auf einem neuen Gerät nicht. Es gibt drei Wege hinein:',
  ],
  'sign-in.way-passkey': [
    'a passkey: the safest, and enough by itself;',
    'ein Passkey: am sichersten, und er genügt allein;',
  ],
  'sign-in.way-confirm': [
    'your password, and a yes on a device that you have used before, by a number that both show;',
    'Ihr Passwort, und ein Ja auf einem Gerät, das Sie schon benutzt haben, mit einer Zahl, die beide zeigen;',
  ],
  'sign-in.way-recover': [
    'your password and a recovery code, after a waiting time of {hours} hours, of which {told} are told.',
    'Ihr Passwort und ein Ersatzcode, nach {hours} Stunden Wartezeit, von der {told} erfahren.',
  ],
  'sign-in.by-passkey': ['Sign in with a passkey', 'Mit Passkey anmelden'],
  'sign-in.by-password': ['Sign in with your password', 'Mit dem Passwort anmelden'],
  'sign-in.account': ['Account name', 'Kontoname'],
  'sign-in.password': ['Password', 'Passwort'],
  'sign-in.password-after': [
    'Can be typed once your picture is shown.',
    'Lässt sich eingeben, sobald Ihr Bild gezeigt ist.',
  ],
  'sign-in.checking': [
    'Your password is being proved, without sending it…',
    'Ihr Passwort wird bewiesen, ohne es zu senden…',
  ],
  'sign-in.code-title': ['One-time code', 'Einmalcode'],
  'sign-in.again-shown': [
    'Once more: now your password has opened them, so it was {bank} that answered.',
    'Noch einmal: Nun hat Ihr Passwort sie geöffnet, also hat {bank} geantwortet.',
  ],
  'sign-in.code': ['Six digits of your app', 'Sechs Ziffern aus Ihrer App'],
  'sign-in.phone-code': ['The six digits that your phone shows', 'Die sechs Ziffern, die Ihr Telefon zeigt'],
  'sign-in.send': ['Show the code on my phone', 'Den Code auf meinem Telefon zeigen'],
  'sign-in.sent': [
    'Your phone shows a code beside the number {number}. Type that code here, if the number is the same.',
    'Ihr Telefon zeigt einen Code neben der Zahl {number}. Geben Sie ihn hier ein, wenn die Zahl dieselbe ist.',
  ],
  'sign-in.no-phone': [
    'No device of yours shows codes yet. You choose that in your account, on the device itself.',
    'Noch zeigt keines Ihrer Geräte Codes. Das wählen Sie in Ihrem Konto, auf dem Gerät selbst.',
  ],
  'sign-in.confirm-title': ['Say yes on a device that is known', 'Sagen Sie Ja auf einem bekannten Gerät'],
  'sign-in.confirm': [
    'Open your account at {bank} on a device where you are signed in. It shows this number; say yes there only if it is the same.',
    'Öffnen Sie Ihr Konto bei {bank} auf einem Gerät, auf dem Sie angemeldet sind. Es zeigt diese Zahl; sagen Sie dort nur Ja, wenn sie dieselbe ist.',
  ],
  'sign-in.confirm-waits': ['Waiting for your yes…', 'Wartet auf Ihr Ja…'],
  'sign-in.told': ['all your devices', 'alle Ihre Geräte'],
  'sign-in.told-and-mail': ['all your devices and your mail address', 'alle Ihre Geräte und Ihre E-Mail-Adresse'],
  'sign-in.no-app': ['No app at hand?', 'Keine App zur Hand?'],
  'sign-in.no-app-text': [
    'A passkey needs no code: start again, and use it. Without one, open this page in a browser that has not been here before: your password and a recovery code let you in there, after {hours} hours, and there you set up another app.',
    'Ein Passkey braucht keinen Code: Beginnen Sie neu, und nehmen Sie ihn. Haben Sie keinen, dann öffnen Sie diese Seite in einem Browser, der noch nie hier war: Dort kommen Sie mit Passwort und Ersatzcode hinein, nach {hours} Stunden, und richten eine andere App ein.',
  ],
  'sign-in.recover-title': ['No such device at hand?', 'Kein solches Gerät zur Hand?'],
  'sign-in.recover': [
    'Type one of your recovery codes. After {hours} hours you can go on here. At once {told} are told, and each of these devices can say no.',
    'Geben Sie einen Ihrer Ersatzcodes ein. Nach {hours} Stunden geht es hier weiter. Sofort erfahren es {told}, und jedes dieser Geräte kann Nein sagen.',
  ],
  'sign-in.recovery-code': ['Recovery code', 'Ersatzcode'],
  'sign-in.begin-waiting': ['Begin the waiting time', 'Wartezeit beginnen'],
  'sign-in.wait-title': ['The waiting time runs', 'Die Wartezeit läuft'],
  'sign-in.wait': [
    'You can go on here from {until}. You may close this page: come back to it later, in this same browser.',
    'Hier geht es weiter ab {until}. Sie können die Seite schließen: Kommen Sie später wieder, in diesem selben Browser.',
  ],
  'sign-in.restore-title': ['The waiting time is over', 'Die Wartezeit ist vorbei'],
  'sign-in.restore': [
    '{bank} asks for more than your password. Show what you still have, or make it anew; then you are in.',
    '{bank} verlangt mehr als Ihr Passwort. Zeigen Sie, was Sie noch haben, oder richten Sie es neu ein; dann sind Sie angemeldet.',
  ],
  'sign-in.restore-elsewhere': [
    '{bank} asks for a passkey, and this browser cannot make one. Please ask {bank} for a new invitation.',
    '{bank} verlangt einen Passkey, und dieser Browser kann keinen einrichten. Bitte lassen Sie sich von {bank} neu einladen.',
  ],
  'sign-in.restore-code': ['I still have my app for codes', 'Ich habe meine Code-App noch'],
  'sign-in.restore-app': ['Set up a new app for codes', 'Eine neue Code-App einrichten'],
  'sign-in.restore-passkey': ['Make a new passkey', 'Einen neuen Passkey einrichten'],
  'sign-in.done-title': ['You have met', 'Sie haben sich ausgewiesen'],
  'sign-in.done': [
    'Both sides have proved who they are. One moment…',
    'Beide Seiten haben sich ausgewiesen. Einen Moment…',
  ],
  'sign-in.no-passkey': [
    'No passkey was used. If you have none for {bank} on this device, sign in with your password.',
    'Es wurde kein Passkey verwendet. Wenn Sie hier keinen für {bank} haben, melden Sie sich mit dem Passwort an.',
  ],

  // Set-up.
  'set-up.title': ['Open your account', 'Ihr Konto eröffnen'],
  'set-up.begin': ['Your invitation', 'Ihre Einladung'],
  'set-up.password': ['Password', 'Passwort'],
  'set-up.picture': ['Picture and phrase', 'Bild und Satz'],
  'set-up.code': ['One-time codes', 'Einmalcodes'],
  'set-up.recovery': ['Recovery codes', 'Ersatzcodes'],
  'set-up.progress': ['Steps of setting up', 'Schritte der Eröffnung'],
  'set-up.no-invitation': [
    'This page needs the whole address of your invitation, up to its end. Please open it once more from your letter or mail.',
    'Diese Seite braucht die ganze Adresse Ihrer Einladung, bis zum Ende. Bitte öffnen Sie sie noch einmal aus Ihrem Brief oder Ihrer E-Mail.',
  ],
  'set-up.invited': [
    '{bank} has invited you to open the account “{account}”. It takes about three minutes; you need a telephone with an app for one-time codes.',
    '{bank} hat Sie eingeladen, das Konto „{account}“ zu eröffnen. Das dauert etwa drei Minuten; Sie brauchen ein Telefon mit einer App für Einmalcodes.',
  ],
  'set-up.email': [
    'Notices go to {email}. Mail only tells you: nobody can sign in by it.',
    'Nachrichten gehen an {email}. E-Mail meldet nur: Niemand kann sich damit anmelden.',
  ],
  'set-up.name': ['Your name', 'Ihr Name'],
  'set-up.password-hint': [
    'At least {least} characters; three or four words that have nothing to do with each other are good. It stays in this browser: {bank} never learns it.',
    'Mindestens {least} Zeichen; drei oder vier Wörter, die nichts miteinander zu tun haben, sind gut. Es bleibt in diesem Browser: {bank} erfährt es nie.',
  ],
  'set-up.password-short': ['Please take at least {least} characters.', 'Bitte mindestens {least} Zeichen.'],
  'set-up.password-common': [
    'That is among the first that anybody would try. Please take another.',
    'Das gehört zu dem, was jeder zuerst versuchen würde. Bitte ein anderes.',
  ],
  'set-up.password-context': [
    'It is made of your account’s or the bank’s name. Please take another.',
    'Es besteht aus dem Namen Ihres Kontos oder der Bank. Bitte ein anderes.',
  ],
  'set-up.picture-why': [
    'Whenever you sign in, {bank} shows you this picture and this phrase before you type anything. They are sealed here, in your browser: even {bank} cannot see them. Where they are missing, do not type your password.',
    'Bei jeder Anmeldung zeigt {bank} Ihnen dieses Bild und diesen Satz, bevor Sie etwas eingeben. Beide werden hier in Ihrem Browser verschlossen: Selbst {bank} kann sie nicht sehen. Fehlen sie, geben Sie Ihr Passwort nicht ein.',
  ],
  'set-up.choose': ['Choose a picture', 'Wählen Sie ein Bild'],
  'set-up.own': ['Or one of your own', 'Oder ein eigenes'],
  'set-up.own-hint': [
    'PNG, JPEG, WebP or GIF, at most 20 MB. It is drawn anew here; place and date of the photo are not kept.',
    'PNG, JPEG, WebP oder GIF, höchstens 20 MB. Es wird hier neu gezeichnet; Ort und Datum der Aufnahme bleiben nicht erhalten.',
  ],
  'set-up.chosen': ['This is what you will see', 'Das werden Sie sehen'],
  'set-up.phrase': ['Your phrase', 'Ihr Satz'],
  'set-up.phrase-hint': [
    'A few words that mean something to you alone. Not your password.',
    'Ein paar Wörter, die nur Ihnen etwas sagen. Nicht Ihr Passwort.',
  ],
  'set-up.phrase-missing': ['Please write a phrase.', 'Bitte schreiben Sie einen Satz.'],
  'set-up.phrase-is-password': [
    'This is your password: please write something else.',
    'Das ist Ihr Passwort: Bitte schreiben Sie etwas anderes.',
  ],
  'set-up.picture-missing': ['Please choose a picture.', 'Bitte wählen Sie ein Bild.'],
  'set-up.sealing': ['Sealing picture and phrase…', 'Bild und Satz werden verschlossen…'],
  'set-up.app': [
    'Open your app for one-time codes and let it read this picture, or type the key into it.',
    'Öffnen Sie Ihre App für Einmalcodes und lassen Sie sie dieses Bild lesen, oder geben Sie ihr den Schlüssel ein.',
  ],
  'set-up.qr-label': ['QR code with the key below', 'QR-Code mit dem Schlüssel, der darunter steht'],
  'set-up.key': ['Key', 'Schlüssel'],
  'set-up.open-app': ['Open the app on this device', 'Die App auf diesem Gerät öffnen'],
  'set-up.first-code': ['The six digits that it shows now', 'Die sechs Ziffern, die sie jetzt zeigt'],
  'set-up.keep': [
    'Each of these codes helps once, if you lose your devices. Keep them on paper, apart from your telephone. They are shown only now.',
    'Jeder dieser Codes hilft einmal, wenn Sie Ihre Geräte verlieren. Bewahren Sie sie auf Papier auf, getrennt vom Telefon. Sie werden nur jetzt gezeigt.',
  ],
  'set-up.print': ['Print', 'Drucken'],
  'set-up.copy': ['Copy', 'Kopieren'],
  'set-up.copied': ['Copied.', 'Kopiert.'],
  'set-up.kept': ['I have kept the codes', 'Ich habe die Codes aufbewahrt'],
  'set-up.kept-missing': ['Please keep the codes first.', 'Bitte bewahren Sie zuerst die Codes auf.'],
  'set-up.finish': ['Open my account', 'Mein Konto eröffnen'],
  'set-up.done-title': ['Your account is open', 'Ihr Konto ist eröffnet'],
  'set-up.done': [
    'This device is known now. Sign in for the first time, and see your picture.',
    'Dieses Gerät ist nun bekannt. Melden Sie sich zum ersten Mal an, und sehen Sie Ihr Bild.',
  ],
  'set-up.sign-in': ['Sign in', 'Anmelden'],
  'picture.not-a-picture': [
    'This file is no whole picture that we can read. Please choose another: PNG, JPEG, WebP or GIF.',
    'Diese Datei ist kein ganzes Bild, das wir lesen können. Bitte wählen Sie eine andere: PNG, JPEG, WebP oder GIF.',
  ],
  'picture.file-too-large': [
    'This file is larger than 20 MB. Please choose a smaller one.',
    'Diese Datei ist größer als 20 MB. Bitte wählen Sie eine kleinere.',
  ],
  'picture.too-many-pixels': [
    'This picture has more than 50 million pixels. Please make it smaller first.',
    'Dieses Bild hat mehr als 50 Millionen Bildpunkte. Bitte verkleinern Sie es zuerst.',
  ],
  'picture.moves': [
    'This picture moves. Please choose one that stands still.',
    'Dieses Bild bewegt sich. Bitte wählen Sie eines, das stillsteht.',
  ],
  'picture.does-not-compress': [
    'This picture does not get small enough. Please choose another.',
    'Dieses Bild wird nicht klein genug. Bitte wählen Sie ein anderes.',
  ],
  'picture.sailboat': ['Sailboat', 'Segelboot'],
  'picture.lighthouse': ['Lighthouse', 'Leuchtturm'],
  'picture.cactus': ['Cactus', 'Kaktus'],
  'picture.balloon': ['Balloon', 'Ballon'],
  'picture.fox': ['Fox', 'Fuchs'],
  'picture.whale': ['Whale', 'Wal'],
  'picture.mushroom': ['Mushroom', 'Pilz'],
  'picture.bicycle': ['Bicycle', 'Fahrrad'],
  'picture.umbrella': ['Umbrella', 'Schirm'],
  'picture.teapot': ['Teapot', 'Teekanne'],
  'picture.owl': ['Owl', 'Eule'],
  'picture.mountain': ['Mountains', 'Berge'],
  'picture.apple': ['Apple', 'Apfel'],
  'picture.rocket': ['Rocket', 'Rakete'],
  'picture.cat': ['Cat', 'Katze'],
  'picture.sunflower': ['Sunflower', 'Sonnenblume'],
  'picture.windmill': ['Windmill', 'Windmühle'],
  'picture.snail': ['Snail', 'Schnecke'],

  // Renewing, a fresh proof, confirming.
  'renew.title': ['One moment', 'Einen Moment'],
  'renew.text': [
    'This device proves that it is still the same…',
    'Dieses Gerät weist nach, dass es noch dasselbe ist…',
  ],
  'fresh.title': ['Please prove yourself once more', 'Bitte weisen Sie sich noch einmal aus'],
  'fresh.text': [
    'What you are about to do asks for a fresh passkey or one-time code.',
    'Für das, was Sie vorhaben, braucht es einen frischen Passkey oder Einmalcode.',
  ],
  'fresh.text-passkey': [
    'What you are about to do asks for a fresh passkey.',
    'Für das, was Sie vorhaben, braucht es einen frischen Passkey.',
  ],
  'fresh.text-totp': [
    'What you are about to do asks for a fresh one-time code.',
    'Für das, was Sie vorhaben, braucht es einen frischen Einmalcode.',
  ],
  'fresh.text-password': [
    'What you are about to do asks that you have just signed in with your password. Sign in anew, and you are back.',
    'Für das, was Sie vorhaben, müssen Sie sich eben mit Ihrem Passwort angemeldet haben. Melden Sie sich neu an, dann sind Sie wieder hier.',
  ],
  'fresh.no-passkey': [
    'You have no passkey yet. Add one in your account; from there you come back.',
    'Sie haben noch keinen Passkey. Fügen Sie in Ihrem Konto einen hinzu; von dort kommen Sie zurück.',
  ],
  'fresh.no-passkeys-here': [
    'This browser cannot use passkeys. Please take one that can.',
    'Dieser Browser kann keine Passkeys verwenden. Bitte nehmen Sie einen, der es kann.',
  ],
  'fresh.to-account': ['To your account', 'Zu Ihrem Konto'],
  'fresh.sign-in': ['Sign in anew', 'Neu anmelden'],
  'fresh.by-passkey': ['Use a passkey', 'Passkey verwenden'],
  'fresh.code': ['One-time code', 'Einmalcode'],
  'confirm.title': ['Confirm exactly this', 'Genau dies bestätigen'],
  'confirm.text': [
    'Read it line by line. What you confirm is exactly what stands here, and nothing else.',
    'Lesen Sie Zeile für Zeile. Sie bestätigen genau das, was hier steht, und nichts anderes.',
  ],
  'confirm.by-passkey': ['Confirm with a passkey', 'Mit Passkey bestätigen'],
  'confirm.by-code': ['Confirm with a code', 'Mit Code bestätigen'],
  'confirm.send': ['Show it with a code on my phone', 'Mit Code auf meinem Telefon zeigen'],
  'confirm.sent': [
    'Your phone shows the same lines beside the number {number}. Read them there, then type the code.',
    'Ihr Telefon zeigt dieselben Zeilen neben der Zahl {number}. Lesen Sie dort, und geben Sie dann den Code ein.',
  ],
  'confirm.bad': [
    'What is to be confirmed cannot be read. Nothing has been confirmed.',
    'Was bestätigt werden soll, lässt sich nicht lesen. Es wurde nichts bestätigt.',
  ],
  'confirm.nothing': ['Nothing has been confirmed.', 'Es wurde nichts bestätigt.'],

  // The account.
  'account.greeting': ['Hello {name}', 'Hallo {name}'],
  'account.waits': ['This waits for you', 'Das wartet auf Sie'],
  'account.nothing-waits': [
    'Nothing waits for you. Leave this page open: what comes appears by itself.',
    'Nichts wartet auf Sie. Lassen Sie die Seite offen: Was kommt, erscheint von selbst.',
  ],
  'account.new-waits': ['Something new waits for you.', 'Etwas Neues wartet auf Sie.'],
  'account.waits-device': ['A new device wants to sign in', 'Ein neues Gerät möchte sich anmelden'],
  'account.waits-device-hint': [
    'Say yes only if you are signing in there right now, and it shows this number.',
    'Sagen Sie nur Ja, wenn Sie sich dort gerade selbst anmelden und es diese Zahl zeigt.',
  ],
  'account.waits-code': ['A code for your sign-in', 'Ein Code für Ihre Anmeldung'],
  'account.waits-code-hint': [
    'Type it only where this number is shown. Nobody of {bank} ever asks for it.',
    'Geben Sie ihn nur dort ein, wo diese Zahl steht. Niemand von {bank} fragt je danach.',
  ],
  'account.waits-matter': ['A code to confirm exactly this', 'Ein Code, um genau dies zu bestätigen'],
  'account.waits-matter-hint': [
    'Read the lines. Type the code only if they are what you want, and the number is the same.',
    'Lesen Sie die Zeilen. Geben Sie den Code nur ein, wenn Sie genau das wollen und die Zahl dieselbe ist.',
  ],
  'account.waits-recovery': ['Somebody uses one of your recovery codes', 'Jemand verwendet einen Ihrer Ersatzcodes'],
  'account.waits-recovery-hint': [
    'Is it not you? Then say no, and change your password. If nobody says no, that device gets in when its time has come.',
    'Sind Sie es nicht? Dann sagen Sie Nein und ändern Sie Ihr Passwort. Sagt niemand Nein, kommt jenes Gerät hinein, wenn seine Zeit da ist.',
  ],
  'account.waits-invitation': [
    '{bank} has invited you to set up your account anew',
    '{bank} hat Sie eingeladen, Ihr Konto neu einzurichten',
  ],
  'account.waits-invitation-hint': [
    'Whoever has the invitation sets a new password, and this device is worth nothing then. Have you not asked for it? Then say no, and call {bank}.',
    'Wer die Einladung hat, wählt ein neues Passwort, und dieses Gerät gilt dann nichts mehr. Haben Sie nicht darum gebeten? Dann sagen Sie Nein und rufen Sie {bank} an.',
  ],
  'account.yes': ['Yes, it is me', 'Ja, das bin ich'],
  'account.no': ['No', 'Nein'],
  'account.number': ['Number', 'Zahl'],
  'account.code': ['Code', 'Code'],
  'account.until': ['until {until}', 'bis {until}'],
  'account.signed-in': [
    'Signed in by {proofs}; until {until} at the latest.',
    'Angemeldet durch {proofs}; längstens bis {until}.',
  ],
  'account.devices': ['Devices', 'Geräte'],
  'account.this': ['this one', 'dieses'],
  'account.phone': ['shows codes', 'zeigt Codes'],
  'account.added': ['since {at}, {how}', 'seit {at}, {how}'],
  'how.set-up': ['when the account was opened', 'bei der Eröffnung'],
  'how.confirmation': ['confirmed on another device', 'auf einem anderen Gerät bestätigt'],
  'how.recovery': ['by a recovery code', 'durch einen Ersatzcode'],
  'how.passkey': ['by a passkey', 'durch einen Passkey'],
  'proof.password': ['password', 'Passwort'],
  'proof.totp': ['one-time code', 'Einmalcode'],
  'proof.passkey': ['passkey', 'Passkey'],
  'proof.sms': ['code by SMS, the weaker way', 'Code per SMS, der schwächere Weg'],
  'account.remove': ['Remove', 'Entfernen'],
  'account.remove-sure': [
    'Remove “{name}”? Its sessions end at once.',
    '„{name}“ entfernen? Seine Sitzungen enden sofort.',
  ],
  'account.remove-passkey-sure': [
    'Remove “{name}”? The sessions that it opened end at once.',
    '„{name}“ entfernen? Die Sitzungen, die er geöffnet hat, enden sofort.',
  ],
  'account.remove-own-passkey-sure': [
    'Remove “{name}”? It opened this session too, which ends at once: sign in again in another way.',
    '„{name}“ entfernen? Er hat auch diese Sitzung geöffnet, die sofort endet: Melden Sie sich auf andere Weise wieder an.',
  ],
  'account.removed': ['“{name}” has been removed.', '„{name}“ wurde entfernt.'],
  'account.phone-label': ['Show codes on this device (my phone)', 'Codes auf diesem Gerät zeigen (mein Telefon)'],
  'account.phone-hint': [
    'Codes appear on this page while it is open, next to what they are for.',
    'Codes erscheinen auf dieser Seite, solange sie offen ist, neben dem, wofür sie sind.',
  ],
  'account.sessions': ['Where you are signed in', 'Wo Sie angemeldet sind'],
  'account.session': ['since {at}', 'seit {at}'],
  'account.session-passkey': ['since {at}, by passkey “{passkey}”', 'seit {at}, durch Passkey „{passkey}“'],
  'account.end': ['End', 'Beenden'],
  'account.ended': ['“{name}” is signed out.', '„{name}“ ist abgemeldet.'],
  'account.end-others': ['Sign out everywhere else', 'Überall sonst abmelden'],
  'account.ended-others': ['You are signed out everywhere else.', 'Sie sind überall sonst abgemeldet.'],
  'account.passkeys': ['Passkeys', 'Passkeys'],
  'account.no-passkeys': [
    'You have none yet. A passkey is the safest way in: a copy of this page cannot use it.',
    'Sie haben noch keinen. Ein Passkey ist der sicherste Weg: Eine Kopie dieser Seite kann ihn nicht verwenden.',
  ],
  'account.add-passkey': ['Add a passkey', 'Passkey hinzufügen'],
  'account.passkey-name': ['Passkey of {device}', 'Passkey von {device}'],
  'account.passkey-added': ['The passkey has been added.', 'Der Passkey wurde hinzugefügt.'],
  'account.no-passkey-made': ['No passkey was made.', 'Es wurde kein Passkey gemacht.'],
  'account.recovery': ['Recovery codes', 'Ersatzcodes'],
  'account.recovery-left': ['You have {left} left.', 'Sie haben noch {left}.'],
  'account.recovery-new': ['Make new codes', 'Neue Codes machen'],
  'account.recovery-replaced': ['The codes from before no longer count.', 'Die früheren Codes zählen nicht mehr.'],
  'account.change-password': ['Change password', 'Passwort ändern'],
  'account.password-now': ['Password of now', 'Jetziges Passwort'],
  'account.password-wrong': ['This is not your password.', 'Das ist nicht Ihr Passwort.'],
  'account.picture-differs': [
    'The picture that your password opened is not the one that this device opened. Nothing has been changed: somebody may stand between you and {bank}. Call them.',
    'Das Bild, das Ihr Passwort geöffnet hat, ist nicht das, das dieses Gerät geöffnet hat. Es wurde nichts geändert: Vielleicht steht jemand zwischen Ihnen und {bank}. Rufen Sie an.',
  ],
  'account.new-password': ['New password', 'Neues Passwort'],
  'account.password-changed': [
    'Your password has been changed. Every other session has ended.',
    'Ihr Passwort wurde geändert. Alle anderen Sitzungen sind beendet.',
  ],
  'account.change-picture': ['Change picture and phrase', 'Bild und Satz ändern'],
  'account.picture-changed': [
    'Picture and phrase have been changed. Your other devices show them after they have signed in once more.',
    'Bild und Satz wurden geändert. Ihre anderen Geräte zeigen sie, nachdem sie sich einmal neu angemeldet haben.',
  ],
  'account.change-app': ['Take another app for codes', 'Eine andere App für Codes nehmen'],
  'account.app-changed': [
    'The new app counts from now on. Delete the entry in the one before.',
    'Ab jetzt zählt die neue App. Löschen Sie den Eintrag in der früheren.',
  ],
  'account.sign-out': ['Sign out', 'Abmelden'],
  'account.on': ['On to {bank}', 'Weiter zu {bank}'],

  // Codes by SMS, where the operator has a gateway.
  'sms.send': [
    'Send a code by SMS to the number ending {number} (restricted)',
    'Einen Code per SMS an die Nummer senden, die auf {number} endet (eingeschränkt)',
  ],
  'sms.hint': [
    'The weaker way: a message can be read on its way, and a number be taken over. Your app or a passkey is safer.',
    'Der schwächere Weg: Eine Nachricht lässt sich unterwegs lesen, eine Nummer übernehmen. Ihre App oder ein Passkey ist sicherer.',
  ],
  'sms.sent': [
    'A code is on its way to the number ending {number}. Read the whole message. It counts for this alone, once, for five minutes.',
    'Ein Code ist unterwegs an die Nummer, die auf {number} endet. Lesen Sie die ganze Nachricht. Er zählt nur hierfür, einmal, fünf Minuten lang.',
  ],
  'sms.title': ['Codes by SMS (restricted)', 'Codes per SMS (eingeschränkt)'],
  'sms.restricted': [
    'The weaker way, for when your app is not at hand: a message can be read on its way, and somebody may talk the telephone company into giving them your number. Such a code never lets in a new device, and changes nothing in your account.',
    'Der schwächere Weg, wenn Ihre App nicht zur Hand ist: Eine Nachricht lässt sich unterwegs lesen, und jemand könnte Ihre Nummer bei ihrem Anbieter auf sich umschreiben lassen. Ein solcher Code lässt nie ein neues Gerät ein und ändert nichts in Ihrem Konto.',
  ],
  'sms.goes-to': [
    'Codes can come to the number ending {number}, set {at}.',
    'Codes können an die Nummer kommen, die auf {number} endet, festgelegt {at}.',
  ],
  'sms.none': ['No number is set.', 'Es ist keine Nummer festgelegt.'],
  'sms.set': ['Set a number', 'Eine Nummer festlegen'],
  'sms.set-other': ['Set another number', 'Eine andere Nummer festlegen'],
  'sms.number': ['Telephone number', 'Telefonnummer'],
  'sms.number-hint': [
    'With the code of the country, as in +44 7700 900123.',
    'Mit der Vorwahl des Landes, wie in +49 1520 123456.',
  ],
  'sms.number-bad': [
    'Please write the whole number, with + and the code of the country.',
    'Bitte schreiben Sie die ganze Nummer, mit + und der Vorwahl des Landes.',
  ],
  'sms.send-first': ['Send a first code there', 'Einen ersten Code dorthin senden'],
  'sms.first-sent': [
    'A code is on its way to {number}. The number counts when that code has come back.',
    'Ein Code ist unterwegs an {number}. Die Nummer zählt, sobald dieser Code zurückgekommen ist.',
  ],
  'sms.first-code': ['The six digits of the message', 'Die sechs Ziffern der Nachricht'],
  'sms.use': ['Use this number', 'Diese Nummer verwenden'],
  'sms.added': ['Codes can come to this number from now on.', 'Von jetzt an können Codes an diese Nummer kommen.'],
  'sms.remove': ['Remove the number', 'Nummer entfernen'],
  'sms.remove-sure': [
    'Remove the number? No codes come by SMS any more.',
    'Die Nummer entfernen? Es kommen dann keine Codes mehr per SMS.',
  ],
  'sms.removed': ['The number has been removed.', 'Die Nummer wurde entfernt.'],

  // What is refused, by its code.
  'refused.ERR_PERSON_NOT_SIGNED_IN': ['You are not signed in.', 'Sie sind nicht angemeldet.'],
  'refused.ERR_PERSON_CREDENTIALS': [
    'Name, password or code is not right. Please try again.',
    'Name, Passwort oder Code stimmt nicht. Bitte versuchen Sie es noch einmal.',
  ],
  'refused.ERR_PERSON_RESTING': [
    'Too many tries for this account: it rests for a while. A passkey still works.',
    'Zu viele Versuche für dieses Konto: Es ruht eine Weile. Ein Passkey geht weiterhin.',
  ],
  'refused.ERR_PERSON_TOO_OFTEN': [
    'Too many tries from here. Please wait a minute.',
    'Zu viele Versuche von hier. Bitte warten Sie eine Minute.',
  ],
  'refused.ERR_PERSON_SMS_LIMIT': [
    'Too many codes went by SMS. Use your passkey or your app, or come back later.',
    'Es gingen zu viele Codes per SMS. Nehmen Sie Ihren Passkey oder Ihre App, oder kommen Sie später wieder.',
  ],
  'refused.ERR_PERSON_SMS_UNSENT': [
    'The code could not be sent by SMS; should one come all the same, it is worth nothing. Use your passkey or your app: they work as ever.',
    'Der Code konnte nicht per SMS gesendet werden; kommt doch noch einer, gilt er nicht. Nehmen Sie Ihren Passkey oder Ihre App: Sie gehen wie immer.',
  ],
  'refused.ERR_PERSON_DEVICE': [
    'This device is not known for your account, and was not confirmed.',
    'Dieses Gerät ist für Ihr Konto nicht bekannt und wurde nicht bestätigt.',
  ],
  'refused.ERR_PERSON_DENIED': [
    'A device of yours said no. If that was not you, change your password there.',
    'Eines Ihrer Geräte hat Nein gesagt. Waren Sie das nicht, dann ändern Sie dort Ihr Passwort.',
  ],
  'refused.ERR_PERSON_PROOF': [
    'The proof of this device was not accepted. Check the address of this page, then try again.',
    'Der Nachweis dieses Geräts wurde nicht angenommen. Prüfen Sie die Adresse dieser Seite und versuchen Sie es dann noch einmal.',
  ],
  'refused.ERR_PERSON_STEP': [
    'This is over, or has gone on elsewhere. Please start again.',
    'Das ist vorbei oder anderswo weitergegangen. Bitte beginnen Sie neu.',
  ],
  'refused.ERR_PERSON_REQUEST': [
    'The bank could not read what was sent. Please check what you typed.',
    'Die Bank konnte nicht lesen, was gesendet wurde. Bitte prüfen Sie Ihre Eingabe.',
  ],
  'refused.ERR_PERSON_COOKIE': [
    'A cookie from before was used: somebody else may have it. Your session has ended; please sign in again.',
    'Ein früheres Cookie wurde verwendet: Vielleicht hat es jemand anderes. Ihre Sitzung ist beendet; bitte melden Sie sich neu an.',
  ],
  'refused.ERR_PERSON_FRESH': [
    'Please prove yourself once more first.',
    'Bitte weisen Sie sich zuerst noch einmal aus.',
  ],
  'refused.ERR_PERSON_INVITATION': [
    'This invitation is not known, has expired, or has been used. Please ask {bank} for another.',
    'Diese Einladung ist nicht bekannt, abgelaufen oder verbraucht. Bitte bitten Sie {bank} um eine neue.',
  ],
  'refused.ERR_POLICY_LOCKED': [
    'Your account is locked, and your sessions have ended. Please call {bank}.',
    'Ihr Konto ist gesperrt, und Ihre Sitzungen sind beendet. Bitte rufen Sie {bank} an.',
  ],
  'refused.ERR_POLICY_PROOF': [
    '{bank} asks for more than you have shown. Sign in by your app or a passkey; if you have, ask {bank}.',
    '{bank} verlangt mehr, als Sie gezeigt haben. Melden Sie sich mit Ihrer App oder einem Passkey an; haben Sie das getan, fragen Sie {bank}.',
  ],
  'refused.ERR_POLICY_NOT_ALLOWED': [
    'It is you, and {bank} has not let you in here. Please ask {bank}.',
    'Sie sind es, und {bank} hat Sie hier nicht zugelassen. Bitte fragen Sie {bank}.',
  ],
  'refused.ERR_CALLER_NOT_ALLOWED': [
    'It is you, and {bank} has not let you in here. Please ask {bank}.',
    'Sie sind es, und {bank} hat Sie hier nicht zugelassen. Bitte fragen Sie {bank}.',
  ],
  'refused.ERR_POLICY_HOURS': [
    '{bank} does not let you in at this hour. Please come back later.',
    '{bank} lässt Sie zu dieser Stunde nicht ein. Bitte kommen Sie später wieder.',
  ],
  'refused.ERR_PERSON_SIGNED_OUT': ['You have signed out.', 'Sie haben sich abgemeldet.'],
  'refused.ERR_PERSON_REVOKED': [
    '{bank} has ended your access, and with it all that you signed in with. Please ask {bank} for a new invitation.',
    '{bank} hat Ihren Zugang beendet, und damit alles, womit Sie sich angemeldet haben. Bitte bitten Sie {bank} um eine neue Einladung.',
  ],
  'refused.ERR_PERSON_DEVICE_REMOVED': [
    'This device has been removed from the account.',
    'Dieses Gerät wurde aus dem Konto entfernt.',
  ],
  'refused.ERR_PERSON_LAST_WAY': [
    'This is your last passkey, and without one you would not be let in any more. Add another first.',
    'Das ist Ihr letzter Passkey, und ohne einen kämen Sie nicht mehr hinein. Fügen Sie zuerst einen anderen hinzu.',
  ],
  'refused.ERR_PERSON_PASSKEY_REMOVED': [
    'The passkey that opened this session was removed from your account. Please sign in in another way.',
    'Der Passkey, der diese Sitzung geöffnet hat, wurde aus Ihrem Konto entfernt. Bitte melden Sie sich auf andere Weise an.',
  ],
  'refused.ERR_PERSON_PASSWORD_CHANGED': [
    'The password was changed elsewhere. Please sign in again.',
    'Das Passwort wurde anderswo geändert. Bitte melden Sie sich neu an.',
  ],
} as const satisfies Readonly<Record<string, readonly [english: string, german: string]>>

/** What can be said. */
export type Word = keyof typeof WORDS
/** In which language. */
export type Language = 'en' | 'de'
/** Says a word, with what is told in it. */
export type Say = (word: Word, told?: Readonly<Record<string, string | number>>) => string

/** Every language, the first for those who ask for none of them. */
export const LANGUAGES: readonly Language[] = ['en', 'de']

/** The words in a language. */
export function wordsIn(language: Language): Say {
  const column = language === 'de' ? 1 : 0
  return (word, told = {}) =>
    WORDS[word][column].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(told[name] ?? whole))
}

/** Whether there is a word, as for a code that somebody else chose. */
export function isWord(word: string): word is Word {
  return Object.hasOwn(WORDS, word)
}
