// Holds manifest.js against the golden vectors: node check.js FOLDER-OF-THE-VECTORS
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const zlib = require('node:zlib')
const { open, client } = require('../manifest.js')

const read = (name) => fs.readFileSync(path.join(process.argv[2], name))
const document = read('manifest.ndjson').toString()
const keys = JSON.parse(read('keys.json'))
const target = { targetApp: 'wallet', environment: 'production' }

// refused says which documents a client must not use: each is the good one with one thing changed.
function refused(manifest) {
  const [line, signed] = document.split('\n')
  const other = (status) => ({ keys: keys.keys.map((k) => ({ ...k, status })) })
  const tries = {
    'a changed byte': () => open(line.replace('"sequence":', '"sequence":1') + '\n' + signed, keys, target),
    'another signature': () => open(line + '\n' + signed.replace(/"signature":"./, (s) => s.slice(0, -1) + (s.endsWith('A') ? 'B' : 'A')), keys, target),
    'an unknown key': () => open(line + '\n' + signed.replace(/"keyId":"[^"]*"/, '"keyId":"0000000000000000"'), keys, target),
    'a retired key': () => open(document, other('retired'), target),
    'a key to come': () => open(document, other('next'), target),
    'another target': () => open(document, keys, { ...target, environment: 'sandbox' }),
    'an older one': () => open(document, keys, target, { ...manifest, sequence: manifest.sequence + 1 }),
    'one line': () => open(line, keys, target),
  }
  return Object.entries(tries).filter(([, attempt]) => {
    try {
      attempt()
      return true
    } catch {
      return false
    }
  }).map(([name]) => `${name} is taken`)
}

async function main() {
  const manifest = open(document, keys, target)
  const wrong = refused(manifest)
  const { decide, drops } = await client()
  const vectors = zlib.gunzipSync(read('vectors.ndjson.gz')).toString().trimEnd().split('\n').map((l) => JSON.parse(l))
  for (const v of vectors) {
    const got = decide(manifest, v.miniProgram, v.user)
    const drop = drops(manifest, v.miniProgram, v.holding, got.version)
    if (got.version !== v.version || got.reason !== v.reason || got.ask !== v.ask || drop !== v.drop) {
      wrong.push(`${JSON.stringify(v)}: ${JSON.stringify({ ...got, drop })}`)
    }
  }
  if (wrong.length > 0) {
    console.error(wrong.slice(0, 20).join('\n'))
    process.exit(1)
  }
  console.log(`${vectors.length} vectors agree`)
}

main()
