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

const fails = (attempt) => {
  try {
    attempt()
    return false
  } catch {
    return true
  }
}

// other are the keys as a client knows them that has asked for them earlier or later.
const other = (status) => ({ keys: keys.keys.map((k) => ({ ...k, status })) })

// refused says which documents a client must not use and does: each is the good one with one thing changed.
function refused(manifest) {
  const [line, signed] = document.split('\n')
  const tries = {
    'a changed byte': () => open(line.replace('"sequence":', '"sequence":1') + '\n' + signed, keys, target),
    'another signature': () => open(line + '\n' + signed.replace(/"signature":"./, (s) => s.slice(0, -1) + (s.endsWith('A') ? 'B' : 'A')), keys, target),
    'an unknown key': () => open(line + '\n' + signed.replace(/"keyId":"[^"]*"/, '"keyId":"0000000000000000"'), keys, target),
    'a retired key': () => open(document, other('retired'), target),
    'another target': () => open(document, keys, { ...target, environment: 'sandbox' }),
    'an older one of the same day': () => open(document, keys, target, { ...manifest, sequence: manifest.sequence + 1 }),
    'one of an earlier day': () => open(document, keys, target, { ...manifest, day: '2026-03-02', sequence: 0 }),
    'one line': () => open(line, keys, target),
  }
  return Object.entries(tries).filter(([, attempt]) => !fails(attempt)).map(([name]) => `${name} is taken`)
}

// taken says which documents a client has to use and does not.
function taken(manifest) {
  const tries = {
    'of a key that the client knows from before the rotation': () => open(document, other('next'), target),
    'of a key from before the rotation': () => open(document, other('previous'), target),
    'of the next day, after an earlier state was restored': () => open(document, keys, target, { ...manifest, day: '2026-02-28', sequence: manifest.sequence + 1 }),
  }
  return Object.entries(tries).filter(([, attempt]) => fails(attempt)).map(([name]) => `one ${name} is refused`)
}

async function main() {
  const manifest = open(document, keys, target)
  const wrong = [...refused(manifest), ...taken(manifest)]
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
