import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readConfig } from '../src/config/read-config.ts'

const GOOD = `authority: {name: a.localhost, domain: acme.example, organization: Acme, listen: "127.0.0.1:7443"}
doors:
  - name: hello
    kind: web
    host: [hello.localhost, 127.0.0.1]
    listen: "[::1]:8443"
    upstream: {url: "https://127.0.0.1:9000", name: db.acme.example}
    allow: [spiffe://acme.example/alice]
`
const read = (text: string) => readConfig(new TextEncoder().encode(text), 'c.yaml')

suite('readConfig', () => {
  test('reads every key, and freezes it', () => {
    const config = read(GOOD)
    assert.deepEqual(config, {
      standard: false,
      authority: {
        name: 'a.localhost',
        domain: 'acme.example',
        organization: 'Acme',
        listen: { host: '127.0.0.1', port: 7443 },
      },
      anchors: [],
      parties: [],
      doors: [
        {
          name: 'hello',
          kind: 'web',
          host: ['hello.localhost', '127.0.0.1'],
          listen: { host: '::1', port: 8443 },
          upstream: { url: 'https://127.0.0.1:9000', name: 'db.acme.example' },
          allow: ['spiffe://acme.example/alice'],
          revocation: 'require',
        },
      ],
    })
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.doors[0]?.allow))
  })

  test('identities are read in the form in which certificates are', () => {
    const words = ['DORA.Partner.example', 'Dora@Partner.example', 'SPIFFE://Partner.example/Dora', '2001:DB8::0:7']
    const [dora] = read(`${GOOD}parties: {dora: {identities: [${words.map((word) => `"${word}"`).join()}]}}\n`).parties
    assert.deepEqual(dora?.identities, [
      { kind: 'dNSName', value: 'dora.partner.example' },
      { kind: 'rfc822Name', value: 'Dora@partner.example' },
      { kind: 'uniformResourceIdentifier', value: 'spiffe://partner.example/Dora' },
      { kind: 'iPAddress', value: '2001:db8::7' },
    ])
  })

  const MAIL = `${GOOD}  - name: mail
    kind: mail
    host: mail.localhost
    listen: "127.0.0.1:0"
    next: {address: "127.0.0.1:25", tls: none}
    allow: [spiffe://acme.example/alice]
`
  test('paths of a mail door begin at the file', () => {
    const [, door] = readConfig(
      new TextEncoder().encode(`${MAIL}    partnerKeys: partners\n`),
      '/etc/house/c.yaml',
    ).doors
    assert.equal(door?.kind === 'mail' && door.partnerKeys, '/etc/house/partners')
  })
  for (const [what, more, why] of [
    ['keys of partners', 'partnerKeys: partners', /doors\.1\.partnerKeys must be left out where mail arrives/],
    ['recipients', 'recipients: [{to: "@x.example", service: x}]', /doors\.1\.recipients must be left out where mail/],
  ] as const)
    test(`refuses ${what} where mail arrives`, () => {
      assert.throws(() => read(`${MAIL}    arrives: ["@acme.example"]\n    ${more}\n`), { message: why })
    })

  test('an authority without doors is a house', () => {
    assert.deepEqual(read(GOOD.slice(0, GOOD.indexOf('doors'))).doors, [])
  })

  const edit = (from: string, to: string) => {
    assert.ok(GOOD.includes(from))
    return GOOD.replace(from, to)
  }
  test('an upstream may prove a URI', () => {
    const [door] = read(edit('name: db.acme.example', 'name: "spiffe://acme.example/db"')).doors
    assert.deepEqual(door?.kind === 'web' && door.upstream, {
      url: 'https://127.0.0.1:9000',
      name: 'spiffe://acme.example/db',
    })
  })

  const UPSTREAM = '    upstream: {url: "https://127.0.0.1:9000", name: db.acme.example}\n'
  const ROUTES = (...lines: readonly string[]) =>
    edit(UPSTREAM, `    routes:\n${lines.map((line) => `      - ${line}\n`).join('')}`)
  const TO = 'upstream: {url: "http://127.0.0.1:3000"}'

  test('a door may have routes alone, or beside an upstream', () => {
    const several =
      'upstream: {url: ["http://127.0.0.1:1", "http://127.0.0.1:2"], maxRequests: 9, health: {path: "/healthz?full"}}'
    const text = ROUTES(`{path: /admin, host: 127.0.0.1, ${several}}`, `{${TO}}`)
    const [door] = read(text).doors
    assert.deepEqual(door?.kind === 'web' && door.routes, [
      {
        path: '/admin',
        host: '127.0.0.1',
        upstream: {
          url: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
          maxRequests: 9,
          health: { path: '/healthz?full' },
        },
      },
      { path: '/', upstream: { url: 'http://127.0.0.1:3000' } },
    ])
    assert.equal(read(edit(UPSTREAM, `${UPSTREAM}    routes: [{path: /x, ${TO}}]\n`)).doors.length, 1)
    // 127.0.0.1 still reaches both.
    const one = `{host: hello.localhost, ${TO}}`
    assert.equal(read(edit(UPSTREAM, `${UPSTREAM}    routes: [${one}, {path: /x, ${TO}}]\n`)).doors.length, 1)
  })

  const wrongRoutes: readonly (readonly [string, string, RegExp])[] = [
    ['neither upstream nor routes', edit(UPSTREAM, ''), /^c\.yaml:3: doors\.0\.upstream must be given, or routes/],
    ['no route at all', edit(UPSTREAM, '    routes: []\n'), /doors\.0\.upstream must be given, or routes/],
    [
      'two routes for one place',
      ROUTES(`{path: /x, ${TO}}`, `{path: /x, ${TO}}`),
      /^c\.yaml:9: doors\.0\.routes\.1\.path must differ from that of route 1/,
    ],
    [
      'two routes that differ in case alone',
      ROUTES(`{path: /x, ${TO}}`, `{path: /X, ${TO}}`),
      /^c\.yaml:9: doors\.0\.routes\.1\.path must differ from that of route 1/,
    ],
    [
      'a host that the door has not',
      ROUTES(`{host: helo.localhost, ${TO}}`),
      /^c\.yaml:8: doors\.0\.routes\.0\.host must be one of the door's hosts: hello\.localhost, 127.*did you mean hello\.localhost\?/,
    ],
    [
      'a route that nothing reaches, as each host takes everything before',
      ROUTES(`{host: hello.localhost, ${TO}}`, `{host: 127.0.0.1, path: /x, ${TO}}`, `{path: /x/y, ${TO}}`),
      /^c\.yaml:10: doors\.0\.routes\.2\.path must be reached by something: .*\(route 1, 2\)/,
    ],
    [
      'an upstream that each host has a route before',
      edit(UPSTREAM, `${UPSTREAM}    routes: [{host: hello.localhost, ${TO}}, {host: 127.0.0.1, ${TO}}]\n`),
      /^c\.yaml:7: doors\.0\.upstream must be reached by something/,
    ],
    [
      'a route where the door answers itself',
      ROUTES(`{path: /.well-known/countersign/meeting, ${TO}}`),
      /^c\.yaml:8: doors\.0\.routes\.0\.path must be another: the door answers there itself/,
    ],
    [
      'an upstream that nothing reaches',
      edit(UPSTREAM, `${UPSTREAM}    routes: [{${TO}}]\n`),
      /^c\.yaml:7: doors\.0\.upstream must be left out: route 1 takes whatever/,
    ],
    [
      'a bank at a door that states nothing',
      ROUTES('{upstream: bank}'),
      /^c\.yaml:8: doors\.0\.routes\.0\.upstream must stand beside assertion: the bank believes nothing/,
    ],
    [
      'a bank below a path',
      edit(UPSTREAM, '    upstream: demo\n    assertion: bank\n    routes: [{path: /bank, upstream: bank}]\n'),
      /doors\.0\.routes\.0\.upstream must be at the path \//,
    ],
    [
      'a service at a door with a list',
      ROUTES(`{path: /x, service: admin, ${TO}}`),
      /^c\.yaml:8: doors\.0\.routes\.0\.service must be left out at a door with allow/,
    ],
    [
      'an unknown key',
      ROUTES(`{pth: /x, ${TO}}`),
      /^c\.yaml:8: doors\.0\.routes\.0: there is no key pth; did you mean path/,
    ],
    ['a path without a slash', ROUTES(`{path: x, ${TO}}`), /routes\.0\.path must begin with \//],
    ['a path with a slash at its end', ROUTES(`{path: /x/, ${TO}}`), /routes\.0\.path must begin with \//],
    ['a path with dots', ROUTES(`{path: /x/../y, ${TO}}`), /routes\.0\.path must be written plainly/],
    ['a path with octets', ROUTES(`{path: "/%61dmin", ${TO}}`), /routes\.0\.path must be written plainly/],
    [
      'addresses of both schemes',
      ROUTES('{upstream: {url: ["http://127.0.0.1:1", "https://127.0.0.1:2"]}}'),
      /routes\.0\.upstream\.url must be all http or all https/,
    ],
    ['no address', ROUTES('{upstream: {url: []}}'), /routes\.0\.upstream\.url must name at least one address/],
    [
      'a limit of nothing',
      ROUTES('{upstream: {url: "http://127.0.0.1:1", maxRequests: 0}}'),
      /maxRequests must be more than 0/,
    ],
    [
      'health without a path',
      ROUTES('{upstream: {url: "http://127.0.0.1:1", health: {everySeconds: 5}}}'),
      /routes\.0\.upstream\.health\.path is missing/,
    ],
    [
      'health at another address',
      ROUTES('{upstream: {url: "http://127.0.0.1:1", health: {path: "http://127.0.0.1:2/"}}}'),
      /routes\.0\.upstream\.health\.path must begin with \//,
    ],
    [
      'health of no time',
      ROUTES('{upstream: {url: "http://127.0.0.1:1", health: {path: /, everySeconds: 0}}}'),
      /everySeconds must be more than 0/,
    ],
    [
      'health of an unknown key',
      ROUTES('{upstream: {url: "http://127.0.0.1:1", health: {path: /, every: 5}}}'),
      /health: there is no key every/,
    ],
  ]
  for (const [what, text, why] of wrongRoutes)
    test(`${what} is refused`, () => {
      assert.throws(() => read(text), { message: why })
    })

  const MQTT = `
authority: {listen: 127.0.0.1:0}
doors:
  - name: devices
    kind: mqtt
    host: mqtt.localhost
    listen: 127.0.0.1:0
    broker: 127.0.0.1:1883
    topics: [{filter: 'own/{party}/#', publish: true, retain: true, retained: clear}]
    allow: ['*']
`
  const VPN = `
authority: {listen: 127.0.0.1:0}
doors:
  - name: office
    kind: vpn
    host: vpn.localhost
    listen: 127.0.0.1:0
    network: 10.8.0.0/24
    routes: [{network: 10.1.0.0/16, who: true}]
    allow: ['*']
`
  const PARTNER = '  - {name: partner, file: partner.pem, crl: [lists/a.crl], vouches: [spiffe://partner.example]}\n'
  const withAnchors = (anchors: string) => `${GOOD}anchors:\n${anchors}`
  test('files of another authority begin where the configuration is', () => {
    const { anchors } = readConfig(new TextEncoder().encode(withAnchors(PARTNER)), '/etc/house/c.yaml')
    assert.deepEqual(anchors, [
      {
        name: 'partner',
        file: '/etc/house/partner.pem',
        crl: ['/etc/house/lists/a.crl'],
        vouches: ['spiffe://partner.example'],
      },
    ])
  })

  test('the passphrase of the keys is beside the file, or in a descriptor', () => {
    for (const [said, is] of [
      ['secret', '/etc/house/secret'],
      ['/run/secret', '/run/secret'],
      ['fd:3', 'fd:3'],
    ]) {
      const text = edit('organization: Acme', `organization: Acme, passphrase: ${said}`)
      const config = readConfig(new TextEncoder().encode(text), '/etc/house/c.yaml')
      assert.equal('authority' in config && config.authority.passphrase, is)
    }
  })

  const cases: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    [
      'an unknown key',
      edit('    allow', '    revokation: prefer\n    allow'),
      /^c\.yaml:8: doors\.0: there is no key revokation; did you mean revocation\?$/,
    ],
    [
      'a key of another kind of door, which is no word for itself',
      edit('    allow', '    broker: 127.0.0.1:1883\n    allow'),
      /^c\.yaml:8: doors\.0: there is no key broker$/,
    ],
    [
      'an unknown kind of key',
      edit('organization: Acme', 'organization: Acme, algorithm: ml-dsa-6'),
      /^c\.yaml:\d+: authority\.algorithm must be p256, .*; did you mean ml-dsa-\d\d\?/,
    ],
    [
      'a key that is on no token',
      edit('organization: Acme', 'organization: Acme, issuingKey: issuing.key'),
      /^c\.yaml:\d+: authority\.issuingKey must be a PKCS #11 URI/,
    ],
    ['an unknown key at the top', `${GOOD}door: []\n`, /^c\.yaml:9: there is no key door; did you mean doors\?$/],
    ['an unknown key far from all', `${GOOD}zebra: 1\n`, /^c\.yaml:9: there is no key zebra$/],
    [
      'an unknown key of an upstream',
      edit('name: db.acme.example', 'nmae: x'),
      /^c\.yaml:7: doors\.0\.upstream: there is no key nmae/,
    ],
    [
      'a proxy that is no party',
      GOOD.replace('    allow:', '    from: "a b"\n    allow:'),
      /^c\.yaml:8: doors\.0\.from must be a party/,
    ],
    ['a missing key', edit('    kind: web\n', ''), /^c\.yaml:3: doors\.0\.kind is missing$/],
    [
      'another kind',
      edit('kind: web', 'kind: smtp'),
      /^c\.yaml:4: doors\.0\.kind must be one of web, tcp, egress, mqtt, vpn, ssh, mail$/,
    ],
    [
      'a kind that is no text',
      edit('kind: web', 'kind: [web]'),
      /^c\.yaml:4: doors\.0\.kind must be one of web, tcp, egress, mqtt, vpn, ssh, mail$/,
    ],
    ['no host', edit('[hello.localhost, 127.0.0.1]', '[]'), /^c\.yaml:5: doors\.0\.host must name at least one host$/],
    [
      'a host that is no name',
      edit('hello.localhost', '"a b"'),
      /^c\.yaml:5: doors\.0\.host\.0 must be a DNS name in lower case or an IP address$/,
    ],
    ['a port too large', edit(':8443', ':65536'), /^c\.yaml:6: doors\.0\.listen must be HOST:PORT/],
    [
      'a listen address that is a number',
      edit('"[::1]:8443"', '8443'),
      /^c\.yaml:6: doors\.0\.listen must be HOST:PORT/,
    ],
    ['an IPv6 address without brackets', edit('[::1]', '::1'), /^c\.yaml:6: doors\.0\.listen must be HOST:PORT/],
    ['an upstream with a path', edit(':9000', ':9000/x'), /^c\.yaml:7: doors\.0\.upstream\.url must be http/],
    [
      'an upstream of another scheme',
      edit('https://127', 'ftp://127'),
      /^c\.yaml:7: doors\.0\.upstream\.url must be http/,
    ],
    [
      'a name that nothing proves',
      edit('https://127', 'http://127'),
      /^c\.yaml:7: doors\.0\.upstream\.name must be left out, or url begin with https/,
    ],
    [
      'a name that is none',
      edit('name: db.acme.example', 'name: "db acme"'),
      /^c\.yaml:7: doors\.0\.upstream\.name must be a DNS name in lower case, an IP address, or a URI/,
    ],
    [
      'an upstream that is a word',
      edit('{url: "https://127.0.0.1:9000", name: db.acme.example}', 'dmo'),
      /^c\.yaml:7: doors\.0\.upstream must be demo, bank, or a mapping/,
    ],
    [
      'nobody allowed',
      edit('[spiffe://acme.example/alice]', '[]'),
      /^c\.yaml:8: doors\.0\.allow must name at least one identity/,
    ],
    [
      'one door name twice',
      GOOD + GOOD.slice(GOOD.indexOf('  - name')),
      /^c\.yaml:3: doors must not hold one name twice$/,
    ],
    [
      "a door with the name of the authority's own",
      edit('- name: hello', '- name: authority'),
      /^c\.yaml:3: doors\.0\.name must not be authority/,
    ],
    [
      'an authority that may vouch for everything',
      withAnchors(PARTNER.replace('spiffe://partner.example', '"*"')),
      /^c\.yaml:10: anchors\.0\.vouches\.0 must be a domain, @domain, scheme/,
    ],
    [
      'an authority that may vouch for nothing',
      withAnchors(PARTNER.replace('spiffe://partner.example', '')),
      /^c\.yaml:10: anchors\.0\.vouches must say/,
    ],
    [
      'an authority without a list, where one is required',
      withAnchors(PARTNER.replace('lists/a.crl', '')),
      /^c\.yaml:10: anchors\.0\.crl must name a revocation list: door hello/,
    ],
    [
      'an authority for a door that is not there',
      withAnchors(PARTNER.replace('}', ', doors: [helo]}')),
      /^c\.yaml:10: anchors\.0\.doors must name doors of this file: there is no helo$/,
    ],
    [
      'a door that nobody is named for, without a policy',
      edit('    allow: [spiffe://acme.example/alice]\n', ''),
      /^c\.yaml:3: doors\.0\.allow must be given, or a policy for the house$/,
    ],
    ['a party that is none', `${GOOD}parties: {"a b": {}}\n`, /^c\.yaml:9: parties\.a b must be a party/],
    [
      'a label that is none',
      `${GOOD}parties: {alice: {labels: [ops]}}\n`,
      /^c\.yaml:9: parties\.alice\.labels\.0 must be as in group:ops$/,
    ],
    [
      'an unknown key of a party',
      `${GOOD}parties: {alice: {label: [group:ops]}}\n`,
      /^c\.yaml:9: parties\.alice: there is no key label; did you mean labels\?$/,
    ],
    [
      'an identity that nobody can prove',
      `${GOOD}parties: {dora: {identities: [urn:dora]}}\n`,
      /^c\.yaml:9: parties\.dora\.identities\.0 must be a URI, a mail address, a DNS name or an IP address$/,
    ],
    [
      'an identity of two parties, however it is written',
      `${GOOD}parties:\n  dora: {identities: [dora@partner.example]}\n  eve: {identities: [x.example, dora@Partner.example]}\n`,
      /^c\.yaml:11: parties\.eve\.identities\.1 must be of one party: dora@partner\.example is of dora already$/,
    ],
    ['one authority twice', withAnchors(PARTNER + PARTNER), /^c\.yaml:10: anchors must not hold one name twice$/],
    [
      'one key twice',
      edit('    kind: web\n', '    kind: web\n    kind: web\n'),
      /^c\.yaml:5: Map keys must be unique$/,
    ],
    ...(
      [
        [
          'a broker on another machine',
          'broker: 127.0.0.1:1883',
          'broker: 10.0.0.1:1883',
          /broker must be a loopback address/,
        ],
        ['no filter', 'own/{party}/#', 'own/#/x', /topics\.0\.filter must be a filter of MQTT/],
        ['another place than that of the caller', '{party}', '{client}', /topics\.0\.filter must be a filter of MQTT/],
        [
          'a line that lets nobody do anything',
          'publish: true, retain: true, ',
          '',
          /topics\.0\.filter must say who may do what/,
        ],
        ['keeping without publishing', 'publish: true, ', '', /topics\.0\.retain must stand beside publish/],
        ['a shared subscription to publish to', 'own/{party}/#', '$share/a/b', /topics\.0\.publish must be left out/],
        ['clearing what is of everybody', 'own/{party}/#', 'own/#', /topics\.0\.retained must stand at a filter with/],
        [
          'a service at a door with a list',
          'publish: true',
          'publish: news',
          /topics\.0\.publish must be true or left out/,
        ],
        [
          'no topics',
          "[{filter: 'own/{party}/#', publish: true, retain: true, retained: clear}]",
          '[]',
          /topics must say at least one/,
        ],
      ] as const
    ).map(([name, from, to, message]): [string, string, RegExp] => [
      `at a door for MQTT, ${name}`,
      MQTT.replace(from, to),
      message,
    ]),
    ...(
      [
        ['a network that is none', '10.8.0.0/24', '10.8.0.1/24', /network must be an IPv4 network/],
        ['a network with room for nobody', '10.8.0.0/24', '10.8.0.0/30', /network must have a prefix of 16 to 29/],
        ['a network of half the world', '10.8.0.0/24', '10.0.0.0/8', /network must have a prefix of 16 to 29/],
        ['a network of IPv6', '10.1.0.0/16', 'fd00::/64', /routes\.0\.network must be an IPv4 network/],
        ['no routes', '[{network: 10.1.0.0/16, who: true}]', '[]', /routes must say at least one network/],
        ['a route for nobody', ', who: true', '', /routes\.0\.who is missing/],
        [
          'a service at a door with a list',
          'who: true',
          'who: vault',
          /routes\.0\.who must be true at a door with allow/,
        ],
        [
          'routes that overlap',
          'who: true}]',
          'who: true}, {network: 10.1.2.0/24, who: true}]',
          /routes\.1\.network must not overlap with 10\.1\.0\.0\/16/,
        ],
        [
          'a device that is too long',
          'network: 10.8',
          'device: a-very-long-name\n    network: 10.8',
          /device must be at most 15/,
        ],
        [
          'a long name without a device',
          'name: office',
          'name: the-long-office',
          /name must have at most 11 characters/,
        ],
        ['passwords of nobody', 'network: 10.8', 'proof: both\n    network: 10.8', /proof must stand beside people/],
        [
          'people of a door that is not there',
          'network: 10.8',
          'proof: both\n    people: portal\n    network: 10.8',
          /people must name a web door of this file/,
        ],
        ['people without a password', 'network: 10.8', 'people: portal\n    network: 10.8', /people must be left out/],
      ] as const
    ).map(([name, from, to, message]): [string, string, RegExp] => [
      `at a door for VPN, ${name}`,
      VPN.replace(from, to),
      message,
    ]),
    ['no YAML', 'a: [', /^c\.yaml:1: /],
    ['a list', '- a\n', /^c\.yaml:1: the file must be a mapping/],
    ['nothing', '', /^c\.yaml:1: the file must be a mapping/],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replaceAll(/./g, (key) => `${key}: &${key} [${`*${String.fromCharCode(key.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
      /^c\.yaml:1: /,
    ],
  ]
  for (const [name, text, message] of cases) {
    test(name, () => {
      assert.throws(() => read(text), { name: 'Failure', exit: 3, message })
    })
  }

  test('octets that are no UTF-8', () => {
    assert.throws(() => readConfig(Uint8Array.of(0x61, 0xff), 'c.yaml'), {
      exit: 3,
      message: 'c.yaml is not text in UTF-8',
    })
  })

  test('every fault is told, not the first alone', () => {
    const text = GOOD.replace('name: hello', 'name: HELLO').replace(':8443', '')
    assert.throws(() => read(text), { message: /c\.yaml:3: .*; c\.yaml:6: / })
  })
})
