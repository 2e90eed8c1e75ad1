// An application on openid-client that knows the issuer and nothing else: it registers itself,
// and then does what the test asks for, step by step, until it is told to end.
import * as client from 'openid-client'

import { hear, run, say } from './conversation.mjs'
import { importPrivateKey } from './private_key.mjs'

// Servers on loopback speak http; the library wants to be told that this is meant.
const execute = [client.allowInsecureRequests]

const fragmentOf = (url) => new URLSearchParams(new URL(url).hash.slice(1))
const kidOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid

class Application {
  constructor(server) {
    this.server = server
  }

  async authenticateWith(jwk) {
    this.authentication = client.PrivateKeyJwt(await importPrivateKey(jwk))
  }

  async register({ metadata, initialAccessToken, key }) {
    await this.authenticateWith(key)
    this.config = await client.dynamicClientRegistration(
      this.server, metadata, this.authentication, { initialAccessToken, execute },
    )
    client.enableNonRepudiationChecks(this.config)
    return { registered: this.config.clientMetadata(), server: this.config.serverMetadata() }
  }

  // Starts anew with another key, and forgets the provider's.
  async rotate({ key }) {
    await this.authenticateWith(key)
    const { client_id: id, ...metadata } = this.config.clientMetadata()
    this.config = await client.discovery(this.server, id, metadata, this.authentication, { execute })
    client.enableNonRepudiationChecks(this.config)
    return { rotated: true }
  }

  // Anybody may revoke what does not exist; but who asks has to be known.
  async introduce() {
    try {
      await client.tokenRevocation(this.config, 'nothing')
      return { known: true }
    } catch (error) {
      if (!(error instanceof client.WWWAuthenticateChallengeError)) throw error
      if (!JSON.stringify(error.cause).includes('invalid_client')) throw error
      return { known: false }
    }
  }

  // The library is told on a configuration which response type it is to expect.
  expecting(use) {
    const { client_id: id, ...metadata } = this.config.clientMetadata()
    const config = new client.Configuration(this.config.serverMetadata(), id, metadata, this.authentication)
    client.allowInsecureRequests(config)
    use?.(config)
    return config
  }

  async signIn({ response_type: type = 'code', parameters }) {
    const checks = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedNonce: client.randomNonce(),
      expectedState: client.randomState(),
    }
    const code = type.split(' ').includes('code')
    say({
      authorize: client.buildAuthorizationUrl(this.config, {
        response_type: type,
        state: checks.expectedState,
        nonce: checks.expectedNonce,
        ...(code && {
          code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
          code_challenge_method: 'S256',
        }),
        ...parameters,
      }).href,
    })
    const url = new URL(await hear())
    try {
      return await this.receive(type, url, checks)
    } catch (error) {
      if (!(error instanceof client.AuthorizationResponseError)) throw error
      return { refused: error.error }
    }
  }

  async receive(type, url, checks) {
    const passed = fragmentOf(url)
    switch (type) {
      case 'code':
        return this.tell(await client.authorizationCodeGrant(this.config, url, { ...checks, idTokenExpected: true }))
      case 'code token':
        // The library reads a code from the query, and leaves what it does not know to others.
        url.search = passed
        return this.tell(
          await client.authorizationCodeGrant(this.config, url, { ...checks, idTokenExpected: true }),
          passed.get('access_token'),
        )
      case 'code id_token':
      case 'code id_token token': {
        const config = this.expecting(client.useCodeIdTokenResponseType)
        const tokens = await client.authorizationCodeGrant(config, url, { ...checks, idTokenExpected: true })
        return this.tell(tokens, passed.get('access_token'))
      }
      case 'id_token':
      case 'id_token token': {
        const config = this.expecting(client.useIdTokenResponseType)
        const claims = await client.implicitAuthentication(config, url, checks.expectedNonce, checks)
        return { claims, userinfo: await this.ask(passed.get('access_token'), claims.sub) }
      }
      default:
        if (passed.get('state') !== checks.expectedState) throw new Error('the state is another one')
        return { userinfo: await this.ask(passed.get('access_token'), client.skipSubjectCheck) }
    }
  }

  async tell(tokens, passed) {
    this.idToken = tokens.id_token
    const claims = tokens.claims()
    return {
      claims,
      kid: kidOf(tokens.id_token),
      userinfo: await this.ask(tokens.access_token, claims.sub),
      // With the token that came through the browser, where one did.
      passed: await this.ask(passed, claims.sub),
    }
  }

  async ask(accessToken, subject) {
    return accessToken ? client.fetchUserInfo(this.config, accessToken, subject) : null
  }

  logOut({ parameters }) {
    return { end: client.buildEndSessionUrl(this.config, { id_token_hint: this.idToken, ...parameters }).href }
  }
}

run(async ({ issuer, ...told }) => {
  const application = new Application(new URL(issuer))
  say(await application.register(told))
  for (let step = await hear(); step.name; step = await hear()) say(await application[step.name](step))
})
