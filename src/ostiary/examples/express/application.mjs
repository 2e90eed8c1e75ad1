// An Express application that people sign in to by OpenID Connect, with express-openid-connect.
// The library reads ISSUER_BASE_URL, BASE_URL, CLIENT_ID, CLIENT_SECRET and SECRET by itself.
import express from 'express'
import openidConnect from 'express-openid-connect'

const application = express()
application.use(openidConnect.auth({
  authRequired: false,
  // Ends the session at the provider, too.
  idpLogout: true,
  routes: { callback: new URL(process.env.REDIRECT_URI).pathname, logout: false },
  authorizationParams: { response_type: 'code', response_mode: 'query', scope: process.env.SCOPE },
}))

const escape = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)

application.get('/', async (request, response) => {
  if (!request.oidc.isAuthenticated()) {
    response.send('<a href="/login">Sign in</a>')
    return
  }
  const user = await request.oidc.fetchUserInfo()
  response.send(`<p>Hello, ${escape(user.name ?? user.sub)}</p><a href="/logout">Sign out</a>`)
})

// The provider says that it is done. To come back here instead, register an address for that as
// post_logout_redirect_uris, and leave the library its own way out.
application.get('/logout', (request, response) =>
  response.oidc.logout({ logoutParams: { post_logout_redirect_uri: null } }))

application.listen(new URL(process.env.BASE_URL).port || 80)
