// The algorithm of MANIFEST.md a second time, for JavaScript clients and to judge the first. It depends on xxhash-wasm
// alone; verify needs node:crypto, or a platform that offers the same.
'use strict'

const crypto = require('node:crypto')
const xxhash = require('xxhash-wasm')

// open verifies a document of two lines against the key set and gives the manifest; it throws when it must not be used.
// held is the manifest that the client has already, if any: an older one is refused.
function open(text, keys, target, held) {
  const end = text.indexOf('\n')
  if (end < 0) throw new Error('manifest: want two lines')
  const line = text.slice(0, end)
  const { keyId, signature } = JSON.parse(text.slice(end + 1))
  const key = keys.keys.find((k) => k.kid === keyId && k.status !== 'retired')
  if (!key) throw new Error(`manifest: key ${keyId} is not known: fetch the keys again`)
  const message = Buffer.concat([Buffer.from('slipway manifest v1\0'), crypto.createHash('sha256').update(line, 'utf8').digest()])
  const publicKey = crypto.createPublicKey({ key: { kty: key.kty, crv: key.crv, x: key.x }, format: 'jwk' })
  if (!crypto.verify(null, message, publicKey, Buffer.from(signature, 'base64'))) throw new Error('manifest: the signature does not fit')
  const m = JSON.parse(line)
  if (m.format !== 1) throw new Error(`manifest: format ${m.format} is not known`)
  if (m.targetApp !== target.targetApp || m.environment !== target.environment) throw new Error('manifest: of another target')
  if (held && (m.day < held.day || (m.day === held.day && m.sequence < held.sequence))) throw new Error('manifest: older than the one at hand')
  return m
}

// client gives decide, bucket and drops; it is a promise because the hash has to be loaded.
async function client() {
  const { h64Raw } = await xxhash()
  const bytes = new TextEncoder()

  const bucket = (salt, user) => Number(h64Raw(bytes.encode(salt + '\0' + user)) % 10000n)

  // decide says which version a user gets, '' for none, and whether resolve may know better.
  function decide(manifest, miniProgram, user) {
    const e = Object.hasOwn(manifest.miniPrograms, miniProgram) ? manifest.miniPrograms[miniProgram] : {}
    const full = e.full ?? ''
    if (e.removed) return { version: '', reason: 'REMOVED', ask: false }
    if (user === '') return full ? { version: full, reason: 'NO_USER', ask: false } : { version: '', reason: 'NOT_AVAILABLE', ask: false }
    const ask = e.pilot ?? false
    const g = e.grayscale
    if (g && bucket(g.salt, user) < 100 * g.percent) return { version: g.version, reason: 'GRAYSCALE', ask }
    return full ? { version: full, reason: 'FULL', ask } : { version: '', reason: 'NOT_AVAILABLE', ask }
  }

  // drops says whether a version that a client holds must go; served is the one that it has just been given.
  function drops(manifest, miniProgram, held, served) {
    const e = Object.hasOwn(manifest.miniPrograms, miniProgram) ? manifest.miniPrograms[miniProgram] : {}
    if (held === served) return false
    if (e.withdrawn?.includes(held)) return true
    return !!e.withdrawnUpTo && compare(held, e.withdrawnUpTo) <= 0 && !e.kept?.includes(held)
  }

  return { bucket, decide, drops }
}

// compare orders version numbers part by part, as numbers of any length; a missing part is zero.
function compare(a, b) {
  const as = a.split('.')
  const bs = b.split('.')
  for (let i = 0; i < Math.max(as.length, bs.length); i++) {
    const x = BigInt(as[i] ?? 0)
    const y = BigInt(bs[i] ?? 0)
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

module.exports = { open, client, compare }
