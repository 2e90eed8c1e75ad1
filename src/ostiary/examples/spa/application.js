// A single-page application that people sign in to by OpenID Connect, with oidc-client-ts.
// There is no secret in it: whatever a browser is sent, everybody can read.
const settings = await (await fetch('settings.json')).json()
const manager = new oidc.UserManager({
  ...settings,
  response_type: 'code',
  loadUserInfo: true,
  // Tokens live as long as the page: what is stored can be stolen by any script.
  userStore: new oidc.WebStorageStateStore({ store: new oidc.InMemoryWebStorage() }),
})

const button = document.querySelector('#button')
const said = document.querySelector('#said')

function show(user) {
  said.textContent = user ? `Hello, ${user.profile.name ?? user.profile.sub}` : ''
  button.textContent = user ? 'Sign out' : 'Sign in'
  button.onclick = () => (user ? manager.signoutRedirect() : manager.signinRedirect())
  button.disabled = false
}

try {
  const answer = new URLSearchParams(location.search)
  if (answer.has('code') || answer.has('error')) {
    show(await manager.signinCallback())
    // The code is used up, and belongs into no bookmark.
    history.replaceState(null, '', location.pathname)
  } else {
    show(await manager.getUser())
  }
} catch (error) {
  show(null)
  said.textContent = error.message
}
