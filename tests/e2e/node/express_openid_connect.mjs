// An Express application with express-openid-connect and its defaults: implicit, by form_post.
import { once } from 'node:events'
import express from 'express'
import openidConnect from 'express-openid-connect'
import { hear, run, say } from './conversation.mjs'

run(async () => {
  const application = express()
  const listener = application.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const origin = `http://127.0.0.1:${listener.address().port}`
  say({ origin })

  const told = await hear()
  application.use(
    openidConnect.auth({
      issuerBaseURL: told.issuer,
      baseURL: origin,
      clientID: told.client_id,
      secret: 'a secret for the cookies of this application',
      ...told.changes,
    }),
  )
  application.get('/', openidConnect.requiresAuth(), (request, response) => {
    const { user, accessToken, refreshToken } = request.oidc
    response.json({ user, has: { access: !!accessToken, refresh: !!refreshToken } })
  })
  say({ ready: true })

  await hear()
  listener.close()
  listener.closeAllConnections()
  say({ closed: true })
})
