// Serves the application on this machine; elsewhere any web server does, with a settings.json.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const library = dirname(createRequire(import.meta.url).resolve('oidc-client-ts/package.json'))
const redirectUri = new URL(process.env.OIDC_REDIRECT_URI)
const settings = {
  authority: process.env.OIDC_ISSUER,
  client_id: process.env.OIDC_CLIENT_ID,
  redirect_uri: redirectUri.href,
  scope: process.env.OIDC_SCOPE,
}
const files = {
  '/application.js': ['text/javascript', () => readFile('application.js')],
  '/oidc-client-ts.js': [
    'text/javascript', () => readFile(join(library, 'dist/browser/oidc-client-ts.min.js')),
  ],
  '/settings.json': ['application/json', async () => JSON.stringify(settings)],
}
const page = ['text/html; charset=utf-8', () => readFile('index.html')]

createServer(async (request, response) => {
  const [type, read] = files[new URL(request.url, redirectUri).pathname] ?? page
  response.writeHead(200, { 'content-type': type }).end(await read())
}).listen(redirectUri.port || 80, redirectUri.hostname)
