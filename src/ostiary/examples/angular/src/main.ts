// An Angular application that people sign in to by OpenID Connect, with angular-auth-oidc-client.
// The variables of .env are read by @ngx-env/builder.
import { AsyncPipe } from '@angular/common'
import { provideHttpClient } from '@angular/common/http'
import { Component, inject } from '@angular/core'
import { bootstrapApplication } from '@angular/platform-browser'
import { OidcSecurityService, provideAuth } from 'angular-auth-oidc-client'

@Component({
  selector: 'app-root',
  imports: [AsyncPipe],
  template: `
    @if (answer | async; as found) {
      @if (found.isAuthenticated) {
        <p>Hello, {{ found.userData.name }}</p>
        <button (click)="oidc.logoff().subscribe()">Sign out</button>
      } @else {
        <button (click)="oidc.authorize()">Sign in</button>
      }
    }
  `,
})
class Home {
  readonly oidc = inject(OidcSecurityService)
  readonly answer = this.oidc.checkAuth()
}

await bootstrapApplication(Home, {
  providers: [
    provideHttpClient(),
    provideAuth({
      config: {
        authority: import.meta.env['NG_APP_ISSUER'],
        clientId: import.meta.env['NG_APP_CLIENT_ID'],
        redirectUrl: import.meta.env['NG_APP_REDIRECT_URI'],
        scope: import.meta.env['NG_APP_SCOPE'],
        responseType: 'code',
        autoUserInfo: true,
      },
    }),
  ],
})
