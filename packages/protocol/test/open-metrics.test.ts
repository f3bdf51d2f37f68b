import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { writeOpenMetrics } from '@countersign/protocol'

suite('the OpenMetrics format', () => {
  // OpenMetrics 1.0, "Overall Structure", the example of a counter with escaped labels.
  test('a counter with labels that must be escaped', () => {
    const text = writeOpenMetrics([
      {
        name: 'acme_http_router_request_seconds',
        type: 'counter',
        unit: 'seconds',
        help: 'Latency though all of ACME\'s "HTTP" router.\n',
        samples: [{ suffix: '_total', labels: { path: '/a"b\\c\nd', method: 'GET' }, value: 807283 }],
      },
    ])
    assert.equal(
      text,
      [
        '# TYPE acme_http_router_request_seconds counter',
        '# UNIT acme_http_router_request_seconds seconds',
        '# HELP acme_http_router_request_seconds Latency though all of ACME\'s \\"HTTP\\" router.\\n',
        'acme_http_router_request_seconds_total{path="/a\\"b\\\\c\\nd",method="GET"} 807283',
        '# EOF',
        '',
      ].join('\n'),
    )
  })

  test('nothing to tell is a valid exposition', () => {
    assert.equal(writeOpenMetrics([]), '\n# EOF\n'.slice(1))
  })
})
