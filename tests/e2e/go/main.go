// An application on go-oidc and golang.org/x/oauth2, as their documentation shows their use.
// It talks with the test that started it: one JSON value a line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/jwt"
)

type told struct {
	Issuer       string   `json:"issuer"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	RedirectURI  string   `json:"redirect_uri"`
	Scopes       []string `json:"scopes"`
	Grant        string   `json:"grant"`
	KeyFile      keyFile  `json:"key_file"`
}

// What `ostiary service-account add-key` writes.
type keyFile struct {
	KeyID            string `json:"key_id"`
	ServiceAccountID string `json:"service_account_id"`
	PrivateKey       string `json:"private_key"`
	TokenURI         string `json:"token_uri"`
}

type tokens struct {
	AccessToken  string    `json:"access_token"`
	TokenType    string    `json:"token_type"`
	RefreshToken string    `json:"refresh_token"`
	Expiry       time.Time `json:"expiry"`
}

type claims map[string]any

type answer struct {
	Tokens            *tokens `json:"tokens"`
	Claims            claims  `json:"claims,omitempty"`
	Userinfo          claims  `json:"userinfo,omitempty"`
	Refreshed         *tokens `json:"refreshed,omitempty"`
	RefreshedUserinfo claims  `json:"refreshed_userinfo,omitempty"`
}

var lines = bufio.NewScanner(os.Stdin)

func hear(value any) error {
	if !lines.Scan() {
		return fmt.Errorf("the test has nothing more to say: %v", lines.Err())
	}
	return json.Unmarshal(lines.Bytes(), value)
}

func say(value any) {
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		panic(err)
	}
}

func main() {
	lines.Buffer(nil, 1<<20)
	if err := run(context.Background()); err != nil {
		say(map[string]string{"error": err.Error()})
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var t told
	if err := hear(&t); err != nil {
		return err
	}
	provider, err := oidc.NewProvider(ctx, t.Issuer)
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	if t.Grant == "client_credentials" {
		return runClientCredentials(ctx, t, provider)
	}
	if t.Grant == "jwt-bearer" {
		return runJWTBearer(ctx, t)
	}
	if t.Grant == "device" {
		return runDevice(ctx, t, provider)
	}
	return signIn(ctx, t, provider)
}

func runDevice(ctx context.Context, t told, provider *oidc.Provider) error {
	config := oauth2.Config{ClientID: t.ClientID, Endpoint: provider.Endpoint(), Scopes: t.Scopes}
	device, err := config.DeviceAuth(ctx)
	if err != nil {
		return fmt.Errorf("device authorization: %w", err)
	}
	say(map[string]string{
		"user_code":                 device.UserCode,
		"verification_uri":          device.VerificationURI,
		"verification_uri_complete": device.VerificationURIComplete,
	})
	token, err := config.DeviceAccessToken(ctx, device)
	if err != nil {
		return fmt.Errorf("device token: %w", err)
	}
	result := answer{Tokens: plain(token)}
	if result.Claims, err = verify(ctx, t, provider, token, ""); err != nil {
		return fmt.Errorf("ID token: %w", err)
	}
	if result.Userinfo, err = userinfo(ctx, provider, oauth2.StaticTokenSource(token)); err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	say(result)
	return nil
}

func runJWTBearer(ctx context.Context, t told) error {
	config := jwt.Config{
		Email:        t.KeyFile.ServiceAccountID,
		Subject:      t.KeyFile.ServiceAccountID,
		PrivateKey:   []byte(t.KeyFile.PrivateKey),
		PrivateKeyID: t.KeyFile.KeyID,
		TokenURL:     t.KeyFile.TokenURI,
		Scopes:       t.Scopes,
	}
	token, err := config.TokenSource(ctx).Token()
	if err != nil {
		return fmt.Errorf("JWT bearer: %w", err)
	}
	say(answer{Tokens: plain(token)})
	return nil
}

func runClientCredentials(ctx context.Context, t told, provider *oidc.Provider) error {
	config := clientcredentials.Config{
		ClientID:     t.ClientID,
		ClientSecret: t.ClientSecret,
		TokenURL:     provider.Endpoint().TokenURL,
		Scopes:       t.Scopes,
	}
	token, err := config.Token(ctx)
	if err != nil {
		return fmt.Errorf("client credentials: %w", err)
	}
	say(answer{Tokens: plain(token)})
	return nil
}

func signIn(ctx context.Context, t told, provider *oidc.Provider) error {
	// How the client authenticates is left to x/oauth2, which finds it out by trying.
	config := oauth2.Config{
		ClientID:     t.ClientID,
		ClientSecret: t.ClientSecret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  t.RedirectURI,
		Scopes:       t.Scopes,
	}
	state, nonce, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	say(map[string]string{"authorize": config.AuthCodeURL(
		state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier),
	)})

	var callback string
	if err := hear(&callback); err != nil {
		return err
	}
	code, err := codeOf(callback, state)
	if err != nil {
		return err
	}
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return fmt.Errorf("code: %w", err)
	}
	result := answer{Tokens: plain(token)}
	if result.Claims, err = verify(ctx, t, provider, token, nonce); err != nil {
		return fmt.Errorf("ID token: %w", err)
	}
	if result.Userinfo, err = userinfo(ctx, provider, oauth2.StaticTokenSource(token)); err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	if token.RefreshToken != "" {
		// A token that has run out makes the library refresh it.
		old := *token
		old.Expiry = time.Now().Add(-time.Hour)
		source := config.TokenSource(ctx, &old)
		refreshed, err := source.Token()
		if err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		result.Refreshed = plain(refreshed)
		if result.RefreshedUserinfo, err = userinfo(ctx, provider, source); err != nil {
			return fmt.Errorf("userinfo after refresh: %w", err)
		}
	}
	say(result)
	return nil
}

func codeOf(callback, state string) (string, error) {
	location, err := url.Parse(callback)
	if err != nil {
		return "", err
	}
	query := location.Query()
	if got := query.Get("state"); got != state {
		return "", fmt.Errorf("state is %q, expected %q", got, state)
	}
	if code := query.Get("code"); code != "" {
		return code, nil
	}
	return "", fmt.Errorf("no code in %s", callback)
}

func verify(ctx context.Context, t told, provider *oidc.Provider, token *oauth2.Token, nonce string) (claims, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fmt.Errorf("the response has none")
	}
	idToken, err := provider.Verifier(&oidc.Config{ClientID: t.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if idToken.Nonce != nonce {
		return nil, fmt.Errorf("nonce is %q, expected %q", idToken.Nonce, nonce)
	}
	if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
		return nil, err
	}
	var found claims
	err = idToken.Claims(&found)
	return found, err
}

func userinfo(ctx context.Context, provider *oidc.Provider, source oauth2.TokenSource) (claims, error) {
	info, err := provider.UserInfo(ctx, source)
	if err != nil {
		return nil, err
	}
	var found claims
	err = info.Claims(&found)
	return found, err
}

func plain(token *oauth2.Token) *tokens {
	return &tokens{token.AccessToken, token.TokenType, token.RefreshToken, token.Expiry}
}
