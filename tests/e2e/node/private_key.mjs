// A client's private key, given as a JWK, in the form in which the client libraries take it.
const ALGORITHMS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
}

// Keys that answers are encrypted for, by the algorithm that the client registered.
const DECRYPTION = {
  'RSA-OAEP-256': [{ name: 'RSA-OAEP', hash: 'SHA-256' }, ['decrypt', 'unwrapKey']],
  'ECDH-ES': [{ name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits']],
  'ECDH-ES+A256KW': [{ name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits']],
}

export async function importDecryptionKey(jwk) {
  const { alg, kid, use, ...plain } = jwk
  const [algorithm, usages] = DECRYPTION[alg]
  return { kid, alg, key: await crypto.subtle.importKey('jwk', plain, algorithm, false, usages) }
}

export async function importPrivateKey(jwk) {
  const { alg, kid, use, ...plain } = jwk
  return { kid, key: await crypto.subtle.importKey('jwk', plain, ALGORITHMS[alg], false, ['sign']) }
}
