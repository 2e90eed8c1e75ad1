// A single-page application on oidc-client-ts with its defaults: code flow with PKCE, state in
// the session's storage. The whole application, redirect URI included, is this one page.
const told = await (await fetch('/settings.json')).json()
const manager = new oidc.UserManager({
  authority: told.issuer,
  client_id: told.client_id,
  redirect_uri: `${location.origin}/callback`,
  scope: told.scope,
  post_logout_redirect_uri: `${location.origin}/signed-out`,
  loadUserInfo: true,
  monitorSession: told.monitor_session === true && window === top,
  checkSessionIntervalInSeconds: 1,
})

// What the provider's frame says, and what the library makes of it.
const said = []
function note(word) {
  said.push(word)
  document.querySelector('#session').textContent = said.join(' ')
}
addEventListener('message', (event) => {
  if (event.origin === new URL(told.issuer).origin) note(event.data)
})
manager.events.addUserSignedOut(() => note('signed-out'))
manager.events.addUserSessionChanged(() => note('session-changed'))

function show(user) {
  document.querySelector('#user').textContent = JSON.stringify(user && {
    profile: user.profile, scope: user.scope, access_token: user.access_token,
    refresh_token: user.refresh_token, id_token: user.id_token,
  })
}

function attempt(step) {
  return async () => {
    try {
      show(await step())
    } catch (error) {
      document.querySelector('#problem').textContent = `${error.name}: ${error.message}`
    }
  }
}

document.querySelector('#sign-in').onclick = attempt(() => manager.signinRedirect())
document.querySelector('#refresh').onclick = attempt(() => manager.signinSilent())
document.querySelector('#sign-out').onclick = attempt(() => manager.signoutRedirect())
// Who presses one earlier waits.
for (const button of document.querySelectorAll('button')) button.disabled = false
if (location.pathname === '/signed-out') {
  await attempt(async () => {
    await manager.signoutCallback()
    return { profile: { signed_out: true } }
  })()
}
if (location.pathname === '/callback') await attempt(() => manager.signinCallback())()
