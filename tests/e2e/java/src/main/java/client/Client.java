package client;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.PrivateKeyJWT;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.AuthenticationSuccessResponse;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * An application on the Nimbus OAuth 2.0 SDK, which Spring Security builds on. It talks with the
 * test that started it: one JSON value a line.
 */
public final class Client {

  private final BufferedReader lines =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
  private OIDCProviderMetadata provider;
  private ClientID clientId;
  private Map<String, Object> told;

  public static void main(String[] arguments) throws Exception {
    try {
      new Client().run();
    } catch (Exception problem) {
      problem.printStackTrace();
      say(Map.of("error", problem.toString()));
      System.exit(1);
    }
  }

  private void run() throws Exception {
    told = JSONObjectUtils.parse(lines.readLine());
    provider = OIDCProviderMetadata.resolve(new Issuer(text("issuer")));
    clientId = new ClientID(text("client_id"));
    URI redirectUri = new URI(text("redirect_uri"));
    JWSAlgorithm algorithm = JWSAlgorithm.parse(text("id_token_alg"));

    State state = new State();
    Nonce nonce = new Nonce();
    CodeVerifier verifier = new CodeVerifier();
    AuthenticationRequest request =
        new AuthenticationRequest.Builder(
                new ResponseType(ResponseType.Value.CODE),
                Scope.parse(text("scope")),
                clientId,
                redirectUri)
            .endpointURI(provider.getAuthorizationEndpointURI())
            .state(state)
            .nonce(nonce)
            .codeChallenge(verifier, CodeChallengeMethod.S256)
            .build();
    say(Map.of("authorize", request.toURI().toString()));

    URI callback = new URI((String) JSONObjectUtils.parse(lines.readLine()).get("url"));
    AuthenticationResponse parsed = AuthenticationResponseParser.parse(callback);
    if (!parsed.indicatesSuccess()) {
      throw new IllegalStateException(parsed.toErrorResponse().getErrorObject().toString());
    }
    AuthenticationSuccessResponse response = parsed.toSuccessResponse();
    if (!state.equals(response.getState())) {
      throw new IllegalStateException("the state differs");
    }
    if (!provider.getIssuer().equals(response.getIssuer())) {
      throw new IllegalStateException("the iss parameter differs");
    }
    AuthorizationCode code = response.getAuthorizationCode();
    OIDCTokens tokens = exchange(new AuthorizationCodeGrant(code, redirectUri, verifier));
    Map<String, Object> answer = new HashMap<>();
    answer.put(
        "claims",
        new IDTokenValidator(provider.getIssuer(), clientId, algorithm, provider.getJWKSetURI().toURL())
            .validate(tokens.getIDToken(), nonce)
            .toJSONObject());
    answer.put("tokens", tokens.toJSONObject());
    answer.put("userinfo", userinfo(tokens.getAccessToken()));
    OIDCTokens refreshed = exchange(new RefreshTokenGrant(tokens.getRefreshToken()));
    answer.put("refreshed", refreshed.toJSONObject());
    answer.put("refreshed_userinfo", userinfo(refreshed.getAccessToken()));
    say(answer);
  }

  /** Makes an authentication for one request: an assertion is not used twice. */
  private ClientAuthentication authentication() throws Exception {
    if (told.get("private_key") instanceof Map<?, ?> key) {
      @SuppressWarnings("unchecked")
      JWK jwk = JWK.parse((Map<String, Object>) key);
      return new PrivateKeyJWT(
          clientId,
          provider.getTokenEndpointURI(),
          JWSAlgorithm.parse(jwk.getAlgorithm().getName()),
          jwk.toECKey().toPrivateKey(),
          jwk.getKeyID(),
          null);
    }
    return new ClientSecretBasic(clientId, new Secret(text("client_secret")));
  }

  private OIDCTokens exchange(AuthorizationGrant grant) throws Exception {
    TokenRequest request =
        new TokenRequest.Builder(provider.getTokenEndpointURI(), authentication(), grant).build();
    TokenResponse response = OIDCTokenResponseParser.parse(request.toHTTPRequest().send());
    if (!response.indicatesSuccess()) {
      throw new IllegalStateException(response.toErrorResponse().toJSONObject().toString());
    }
    return ((OIDCTokenResponse) response.toSuccessResponse()).getOIDCTokens();
  }

  private Map<String, Object> userinfo(AccessToken token) throws Exception {
    UserInfoRequest request = new UserInfoRequest(provider.getUserInfoEndpointURI(), token);
    UserInfoResponse response = UserInfoResponse.parse(request.toHTTPRequest().send());
    return response.toSuccessResponse().getUserInfo().toJSONObject();
  }

  private String text(String name) {
    return (String) told.get(name);
  }

  private static void say(Map<String, ?> value) {
    System.out.println(com.nimbusds.jose.util.JSONObjectUtils.toJSONString(value));
  }
}
