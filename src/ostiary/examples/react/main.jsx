// A React application that people sign in to by OpenID Connect, with react-oidc-context.
import { InMemoryWebStorage, WebStorageStateStore } from 'oidc-client-ts'
import { createRoot } from 'react-dom/client'
import { AuthProvider, useAuth } from 'react-oidc-context'

const settings = {
  authority: import.meta.env.VITE_OIDC_AUTHORITY,
  client_id: import.meta.env.VITE_OIDC_CLIENT_ID,
  redirect_uri: import.meta.env.VITE_OIDC_REDIRECT_URI,
  scope: import.meta.env.VITE_OIDC_SCOPE,
  loadUserInfo: true,
  // Tokens live as long as the page: what is stored can be stolen by any script.
  userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  // The code is used up, and belongs into no bookmark.
  onSigninCallback: () => history.replaceState(null, '', location.pathname),
}

function Home() {
  const auth = useAuth()
  if (auth.isLoading) return <p>One moment</p>
  if (auth.error) return <p>{auth.error.message}</p>
  if (!auth.isAuthenticated) return <button onClick={() => auth.signinRedirect()}>Sign in</button>
  return <>
    <p id="said">Hello, {auth.user.profile.name}</p>
    <button onClick={() => auth.signoutRedirect()}>Sign out</button>
  </>
}

createRoot(document.querySelector('#root')).render(<AuthProvider {...settings}><Home /></AuthProvider>)
