// A program without a browser that people sign in to on another device, with openid-client.
import * as client from 'openid-client'

const issuer = new URL(process.env.OIDC_ISSUER)
// The library wants to be told that http is meant, which a server on this machine speaks.
const execute = issuer.protocol === 'http:' ? [client.allowInsecureRequests] : []
const config = await client.discovery(
  issuer, process.env.OIDC_CLIENT_ID, undefined, client.None(), { execute },
)
const asked = await client.initiateDeviceAuthorization(config, { scope: process.env.OIDC_SCOPE })
console.log(`Open ${asked.verification_uri} and enter ${asked.user_code}`)

const tokens = await client.pollDeviceAuthorizationGrant(config, asked)
const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
console.log(`Hello, ${user.name ?? user.sub}`)
