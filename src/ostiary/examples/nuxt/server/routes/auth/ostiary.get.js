// A Nuxt application that people sign in to by OpenID Connect, with nuxt-auth-utils.
export default defineOAuthOidcEventHandler({
  config: { scope: ['openid', 'profile', 'email'] },
  async onSuccess(event, { user }) {
    await setUserSession(event, { user: { sub: user.sub, name: user.name } })
    return sendRedirect(event, '/')
  },
})
