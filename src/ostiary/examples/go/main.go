// An application that people sign in to by OpenID Connect, with go-oidc and x/oauth2.
package main

import (
	"context"
	"crypto/rand"
	"html/template"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

var pages = template.Must(template.New("").Parse(
	`{{if .}}<p>Hello, {{.}}</p>{{else}}<a href="/login">Sign in</a>{{end}}`))

// What a browser has to bring back; one cookie each, for the length of one sign-in.
var remembered = []string{"state", "nonce", "verifier"}

func main() {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, os.Getenv("OIDC_ISSUER"))
	if err != nil {
		log.Fatal(err)
	}
	config := oauth2.Config{
		ClientID:     os.Getenv("OIDC_CLIENT_ID"),
		ClientSecret: os.Getenv("OIDC_CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  os.Getenv("OIDC_REDIRECT_URI"),
		Scopes:       strings.Fields(os.Getenv("OIDC_SCOPE")),
	}
	address, err := url.Parse(config.RedirectURL)
	if err != nil {
		log.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: config.ClientID})

	http.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		values := map[string]string{
			"state": rand.Text(), "nonce": rand.Text(), "verifier": oauth2.GenerateVerifier(),
		}
		for _, name := range remembered {
			http.SetCookie(w, &http.Cookie{
				Name: name, Value: values[name], Path: "/", MaxAge: 600, HttpOnly: true,
				SameSite: http.SameSiteLaxMode, Secure: address.Scheme == "https",
			})
		}
		http.Redirect(w, r, config.AuthCodeURL(values["state"], oidc.Nonce(values["nonce"]),
			oauth2.S256ChallengeOption(values["verifier"])), http.StatusFound)
	})

	http.HandleFunc(address.Path, func(w http.ResponseWriter, r *http.Request) {
		values := map[string]string{}
		for _, name := range remembered {
			cookie, err := r.Cookie(name)
			if err != nil {
				http.Error(w, "begin again: this browser did not ask to sign in", http.StatusBadRequest)
				return
			}
			values[name] = cookie.Value
			http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1})
		}
		if r.FormValue("state") != values["state"] {
			http.Error(w, "this is the answer to another request", http.StatusBadRequest)
			return
		}
		if problem := r.FormValue("error"); problem != "" {
			http.Error(w, problem+": "+r.FormValue("error_description"), http.StatusBadRequest)
			return
		}
		token, err := config.Exchange(r.Context(), r.FormValue("code"),
			oauth2.VerifierOption(values["verifier"]))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		raw, _ := token.Extra("id_token").(string)
		idToken, err := verifier.Verify(r.Context(), raw)
		if err != nil || idToken.Nonce != values["nonce"] {
			http.Error(w, "the ID token is not for this sign-in", http.StatusBadGateway)
			return
		}
		userinfo, err := provider.UserInfo(r.Context(), oauth2.StaticTokenSource(token))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		claims := struct{ Name string }{idToken.Subject}
		if err := userinfo.Claims(&claims); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		// An application of yours begins a session here.
		if err := pages.Execute(w, claims.Name); err != nil {
			log.Print(err)
		}
	})

	http.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		if err := pages.Execute(w, ""); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(address.Host, nil))
}
