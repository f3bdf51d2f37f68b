// The examples are those of MQTT 5.0 §4.7 and §4.8.2.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { covers, isFilter, isTopic, sharedOf } from '../../src/mqtt/topics.ts'

test('what a filter reaches', () => {
  for (const [filter, topic] of [
    ['sport/tennis/player1/#', 'sport/tennis/player1'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['sport/#', 'sport'],
    ['#', 'sport/tennis'],
    ['sport/tennis/+', 'sport/tennis/player1'],
    ['sport/+', 'sport/'],
    ['+/+', '/finance'],
    ['/+', '/finance'],
    ['$SYS/#', '$SYS/broker/load'],
    ['$SYS/monitor/+', '$SYS/monitor/Clients'],
    ['ACCOUNTS', 'ACCOUNTS'],
    ['Accounts payable', 'Accounts payable'],
  ] as const)
    assert.equal(covers(filter, topic), true, `${filter} reaches ${topic}`)
})

test('what it does not', () => {
  for (const [filter, topic] of [
    ['sport/tennis/+', 'sport/tennis/player1/ranking'],
    ['sport/+', 'sport'],
    ['+', '/finance'],
    ['#', '$SYS/broker/load'],
    ['+/monitor/Clients', '$SYS/monitor/Clients'],
    ['#', '$share/team/jobs'],
    ['ACCOUNTS', 'Accounts'],
    ['/finance', 'finance'],
    ['sport/tennis', 'sport/tennis/'],
    ['sport/tennis/', 'sport/tennis'],
  ] as const)
    assert.equal(covers(filter, topic), false, `${filter} does not reach ${topic}`)
})

test('a filter within another, and one that reaches further', () => {
  for (const [filter, asked] of [
    ['a/#', 'a/#'],
    ['a/#', 'a/+/b'],
    ['a/#', 'a'],
    ['a/+', 'a/+'],
    ['+/b', '+/b'],
    ['#', '+/+'],
  ] as const)
    assert.equal(covers(filter, asked), true, `${asked} is within ${filter}`)
  for (const [filter, asked] of [
    ['a/+', 'a/#'],
    ['a/b', 'a/+'],
    ['a/b/#', 'a/#'],
    ['a/b', '+/b'],
    ['a/b', '#'],
    ['+', '#'],
    ['+/+', '#'],
    ['+/#', '#'],
    ['a/b/#', 'a/+/#'],
  ] as const)
    assert.equal(covers(filter, asked), false, `${asked} is not within ${filter}`)
})

test('what is a topic, and what is a filter', () => {
  for (const topic of ['a', '/', 'a//b', ' ', '$SYS/x', 'ü/ä', 'a'.repeat(65_535)]) assert.equal(isTopic(topic), true)
  for (const topic of ['', 'a/+', 'a/#', '#', 'a+b', 'a\0b', '\uFFFD', 'a'.repeat(65_536), 'ü'.repeat(32_768)])
    assert.equal(isTopic(topic), false, JSON.stringify(topic.slice(0, 9)))
  for (const filter of ['#', '+', 'sport/tennis/#', '+/tennis/#', 'sport/+/player1', '/+', 'a'])
    assert.equal(isFilter(filter), true, filter)
  for (const filter of ['', 'sport/tennis#', 'sport/tennis/#/ranking', 'sport+', '+sport', '##', '++', 'a\0', '#/a'])
    assert.equal(isFilter(filter), false, filter)
})

test('a shared subscription by its parts', () => {
  assert.deepEqual(sharedOf('$share/consumer1/sport/tennis/+'), { group: 'consumer1', filter: 'sport/tennis/+' })
  assert.deepEqual(sharedOf('$share/consumer1//finance'), { group: 'consumer1', filter: '/finance' })
  for (const none of [
    'sport',
    '$share',
    '$share/',
    '$share/a',
    '$share/a/',
    '$share//a',
    '$share/+/a',
    '$share/a#/b',
    '$SHARE/a/b',
  ])
    assert.equal(sharedOf(none), undefined, none)
})
