// A Next.js application that people sign in to by OpenID Connect, with next-auth.
import NextAuth from 'next-auth'

const options = {
  providers: [{
    id: 'ostiary',
    name: 'Ostiary',
    type: 'oauth',
    wellKnown: `${process.env.AUTH_OSTIARY_ISSUER}/.well-known/openid-configuration`,
    clientId: process.env.AUTH_OSTIARY_ID,
    clientSecret: process.env.AUTH_OSTIARY_SECRET,
    authorization: { params: { scope: 'openid profile email' } },
    checks: ['pkce', 'state', 'nonce'],
    profile: (claims) => ({ id: claims.sub, name: claims.name, email: claims.email }),
  }],
}

const answer = NextAuth(options)
export { answer as GET, answer as POST }
