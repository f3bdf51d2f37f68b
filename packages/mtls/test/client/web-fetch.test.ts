import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isPublicAddress, webFetch } from '../../src/client/web-fetch.ts'

const how = () => ({ signal: AbortSignal.timeout(5_000) })

suite('servers of strangers', () => {
  test('are at addresses that are everybody’s', () => {
    for (const address of ['1.1.1.1', '93.184.216.34', '2606:4700::1111', '2a00:1450::1'])
      assert.ok(isPublicAddress(address), address)
    for (const address of [
      ...[
        '0.0.0.0',
        '10.1.2.3',
        '100.64.0.1',
        '127.0.0.1',
        '169.254.169.254',
        '172.31.0.1',
        '192.168.1.1',
        '224.0.0.1',
      ],
      ...['255.255.255.255', '::', '::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', 'fe80::1', 'fd00::1', '2002:a00:1::'],
      ...['2001:db8::1', 'ff02::1', 'localhost', ''],
    ])
      assert.ok(!isPublicAddress(address), address)
  })

  test('are not asked by an address in digits, nor by a name that is within', async () => {
    for (const url of ['https://127.0.0.1/', 'https://[::1]/', 'https://2130706433/', 'https://0x7f.1/'])
      await assert.rejects(webFetch()(url, how()), { message: 'a mail domain has a name' }, url)
    await assert.rejects(webFetch()('https://localhost/', how()), /network that is not public|ENOTFOUND/)
  })
})
