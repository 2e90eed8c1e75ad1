// An application on openid-client, as its documentation shows the library's use.
import * as client from 'openid-client'

import { hear, run, say } from './conversation.mjs'
import { importDecryptionKey, importPrivateKey } from './private_key.mjs'

// With a string the library authenticates by client_secret_post, its default.
async function authentication(told) {
  if (told.private_key) return [undefined, client.PrivateKeyJwt(await importPrivateKey(told.private_key))]
  if (told.client_secret) return [told.client_secret, undefined]
  return [undefined, client.None()]
}

// The answer comes by a form that the browser posts, as an old application has it.
async function signInThroughTheBrowser(config, told) {
  const hybrid = told.response_type === 'code id_token'
  if (hybrid) client.useCodeIdTokenResponseType(config)
  else client.useIdTokenResponseType(config)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedNonce = client.randomNonce()
  const expectedState = client.randomState()
  const challenge = {
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  say({
    authorize: client.buildAuthorizationUrl(config, {
      redirect_uri: told.redirect_uri,
      scope: told.scope,
      response_mode: 'form_post',
      nonce: expectedNonce,
      state: expectedState,
      ...(hybrid ? challenge : {}),
    }).href,
    registered: told.register && config.clientMetadata(),
  })
  const { url, fields } = await hear()
  const request = new Request(url, { method: 'POST', body: new URLSearchParams(fields) })
  if (!hybrid) {
    return { claims: await client.implicitAuthentication(config, request, expectedNonce, { expectedState }) }
  }
  const tokens = await client.authorizationCodeGrant(config, request, {
    pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true,
  })
  return { tokens, claims: tokens.claims() }
}

// Who the application is: told by an administrator, or registered by itself.
async function configure(told) {
  const server = new URL(told.issuer)
  // Servers on loopback speak http; the library wants to be told that this is meant.
  const execute = [client.allowInsecureRequests]
  if (told.register) {
    return client.dynamicClientRegistration(
      server, told.register, undefined, { initialAccessToken: told.initial_access_token, execute },
    )
  }
  const [secret, method] = await authentication(told)
  const metadata = { client_secret: secret, ...told.metadata }
  return client.discovery(server, told.client_id, metadata, method, { execute })
}

// The request itself, in a signed object, pushed, or both.
async function buildAuthorizationUrl(config, told, parameters) {
  if (told.request_key) {
    const key = await importPrivateKey(told.request_key)
    const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, key)
    if (!told.par) return signed
    parameters = signed.searchParams
  }
  if (told.par) return client.buildAuthorizationUrlWithPAR(config, parameters)
  return client.buildAuthorizationUrl(config, parameters)
}

run(async (told) => {
  const config = await configure(told)

  if (told.decryption_key) {
    client.enableDecryptingResponses(config, [told.enc], await importDecryptionKey(told.decryption_key))
  }

  if (told.grant === 'client_credentials') {
    say({ tokens: await client.clientCredentialsGrant(config, { scope: told.scope }) })
    return
  }

  if (told.grant === 'device') {
    const device = await client.initiateDeviceAuthorization(config, { scope: told.scope })
    say(device)
    const tokens = await client.pollDeviceAuthorizationGrant(config, device)
    const claims = tokens.claims()
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
    const refreshed_userinfo = await client.fetchUserInfo(config, refreshed.access_token, claims.sub)
    say({ tokens, claims, userinfo, refreshed, refreshed_userinfo })
    return
  }

  if (told.response_type) {
    say(await signInThroughTheBrowser(config, told))
    return
  }

  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedNonce = client.randomNonce()
  const expectedState = client.randomState()
  say({
    authorize: (await buildAuthorizationUrl(config, told, {
      redirect_uri: told.redirect_uri,
      scope: told.scope,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      nonce: expectedNonce,
      state: expectedState,
      ...told.parameters,
    })).href,
    registered: told.register && config.clientMetadata(),
    supports_pkce: config.serverMetadata().supportsPKCE(),
  })

  const tokens = await client.authorizationCodeGrant(config, new URL(await hear()), {
    pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true,
  })
  const claims = tokens.claims()
  const answer = {
    tokens, claims, userinfo: await client.fetchUserInfo(config, tokens.access_token, claims.sub),
  }
  if (told.post_logout_redirect_uri) {
    answer.end_session = client.buildEndSessionUrl(config, {
      post_logout_redirect_uri: told.post_logout_redirect_uri,
      id_token_hint: tokens.id_token,
      state: 'left',
    }).href
  }
  if (tokens.refresh_token) {
    answer.refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
    answer.refreshed_claims = answer.refreshed.claims()
    answer.refreshed_userinfo = await client.fetchUserInfo(
      config, answer.refreshed.access_token, claims.sub,
    )
  }
  say(answer)
})
