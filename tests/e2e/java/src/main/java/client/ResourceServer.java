package client;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.security.oauth2.server.resource.authentication.OpaqueTokenAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.introspection.OAuth2IntrospectionAuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.SpringOpaqueTokenIntrospector;

/**
 * What Spring Security's opaque-token resource server does with the token of each request. It talks
 * with the test that started it: one JSON value a line.
 */
public final class ResourceServer {

  public static void main(String[] arguments) throws Exception {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Map<String, Object> told = JSONObjectUtils.parse(lines.readLine());
    OpaqueTokenAuthenticationProvider provider =
        new OpaqueTokenAuthenticationProvider(
            SpringOpaqueTokenIntrospector.withIntrospectionUri((String) told.get("endpoint"))
                .clientId((String) told.get("client_id"))
                .clientSecret((String) told.get("client_secret"))
                .build());
    say(Map.of("ready", true));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      say(authenticate(provider, (String) JSONObjectUtils.parse(line).get("token")));
    }
  }

  private static Map<String, Object> authenticate(
      OpaqueTokenAuthenticationProvider provider, String token) {
    Map<String, Object> answer = new HashMap<>();
    try {
      var authentication = provider.authenticate(new BearerTokenAuthenticationToken(token));
      var principal = (OAuth2IntrospectionAuthenticatedPrincipal) authentication.getPrincipal();
      answer.put("accepted", true);
      answer.put("subject", principal.getSubject());
      answer.put("audience", principal.getAudience());
      answer.put(
          "authorities",
          authentication.getAuthorities().stream().map(Object::toString).sorted().toList());
    } catch (AuthenticationException refused) {
      answer.put("accepted", false);
      answer.put("problem", refused.getMessage());
    }
    return answer;
  }

  private static void say(Map<String, ?> value) {
    System.out.println(JSONObjectUtils.toJSONString(value));
  }
}
