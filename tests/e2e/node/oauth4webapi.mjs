// An application on oauth4webapi, which checks every response by the letter of the standards.
import * as oauth from 'oauth4webapi'

import { hear, run, say } from './conversation.mjs'
import { importPrivateKey } from './private_key.mjs'

// Servers on loopback speak http; the library wants to be told that this is meant.
const options = { [oauth.allowInsecureRequests]: true }

async function authentication(told) {
  if (told.private_key) return oauth.PrivateKeyJwt(await importPrivateKey(told.private_key))
  if (told.client_secret) return oauth.ClientSecretBasic(told.client_secret)
  return oauth.None()
}

async function register(as, told) {
  const response = await oauth.dynamicClientRegistrationRequest(
    as, told.register, { ...options, initialAccessToken: told.initial_access_token },
  )
  return oauth.processDynamicClientRegistrationResponse(response)
}

async function userinfo(as, client, accessToken, subject) {
  const response = await oauth.userInfoRequest(as, client, accessToken, options)
  return oauth.processUserInfoResponse(as, client, subject, response)
}

async function isActive(as, client, auth, token) {
  const response = await oauth.introspectionRequest(as, client, auth, token, options)
  return oauth.processIntrospectionResponse(as, client, response)
}

async function revoke(as, client, auth, token) {
  const response = await oauth.revocationRequest(as, client, auth, token, options)
  return oauth.processRevocationResponse(response)
}

// Asks about the tokens, revokes one after the other, and asks again.
async function end(as, client, auth, tokens) {
  const ask = (name) => isActive(as, client, auth, tokens[name])
  const before = [await ask('access_token'), await ask('refresh_token')]
  await revoke(as, client, auth, tokens.access_token)
  const between = [await ask('access_token'), await ask('refresh_token')]
  await revoke(as, client, auth, tokens.refresh_token)
  return { before, between, after: [await ask('access_token'), await ask('refresh_token')] }
}

// One API after the other exchanges what it was sent, and checks it first as RFC 9068 says.
async function exchange(as, { token, steps }) {
  const chain = []
  let subject = token
  for (const { client_id, client_secret, own, next } of steps) {
    const request = new Request(own, { headers: { authorization: `Bearer ${subject}` } })
    chain.push(await oauth.validateJwtAccessToken(as, request, own, options))
    if (!next) break
    const client = { client_id }
    const response = await oauth.genericTokenEndpointRequest(
      as, client, oauth.ClientSecretBasic(client_secret),
      'urn:ietf:params:oauth:grant-type:token-exchange',
      new URLSearchParams({
        subject_token: subject,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: next,
      }),
      options,
    )
    const answer = await oauth.processGenericTokenEndpointResponse(as, client, response)
    if (!answer.issued_token_type.endsWith(':access_token')) throw new Error('another token type')
    subject = answer.access_token
  }
  return chain
}

run(async (told) => {
  const issuer = new URL(told.issuer)
  const as = await oauth.processDiscoveryResponse(
    issuer, await oauth.discoveryRequest(issuer, { ...options, algorithm: told.discovery ?? 'oidc' }),
  )
  const client = told.register ? await register(as, told) : { client_id: told.client_id }
  const auth = await authentication({ ...told, ...client })

  if (told.grant === 'client_credentials') {
    const response = await oauth.clientCredentialsGrantRequest(
      as, client, auth, new URLSearchParams({ scope: told.scope }), options,
    )
    say({ tokens: await oauth.processClientCredentialsResponse(as, client, response) })
    return
  }

  if (told.exchange) {
    say({ chain: await exchange(as, told.exchange) })
    return
  }

  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const authorize = new URL(as.authorization_endpoint)
  for (const [name, value] of Object.entries({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: told.redirect_uri,
    scope: told.scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...told.parameters,
  })) authorize.searchParams.set(name, value)
  if (told.par) {
    const response = await oauth.pushedAuthorizationRequest(
      as, client, auth, authorize.searchParams, options,
    )
    const pushed = await oauth.processPushedAuthorizationResponse(as, client, response)
    authorize.search = ''
    authorize.searchParams.set('client_id', client.client_id)
    authorize.searchParams.set('request_uri', pushed.request_uri)
  }
  say({ authorize: authorize.href, registered: client, challenge_methods: as.code_challenge_methods_supported })

  const callback = oauth.validateAuthResponse(as, client, new URL(await hear()), state)
  const codeResponse = await oauth.authorizationCodeGrantRequest(
    as, client, auth, callback, told.redirect_uri, verifier, options,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, codeResponse, {
    expectedNonce: nonce, requireIdToken: true,
  })
  // The library leaves this to the caller where the token came straight from the server.
  await oauth.validateApplicationLevelSignature(as, codeResponse, options)
  const claims = oauth.getValidatedIdTokenClaims(tokens)
  const answer = {
    tokens, claims, userinfo: await userinfo(as, client, tokens.access_token, claims.sub),
  }
  if (tokens.refresh_token) {
    const response = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, options)
    answer.refreshed = await oauth.processRefreshTokenResponse(as, client, response)
    answer.refreshed_claims = oauth.getValidatedIdTokenClaims(answer.refreshed)
    answer.refreshed_userinfo = await userinfo(as, client, answer.refreshed.access_token, claims.sub)
  }
  if (told.audience) {
    // The application's own API, which takes JWT access tokens by RFC 9068.
    const request = new Request(told.audience, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    answer.access_token_claims = await oauth.validateJwtAccessToken(as, request, told.audience, options)
  }
  if (told.ends) answer.ends = await end(as, client, auth, answer.refreshed)
  say(answer)
})
