// An ASP.NET Core application that people sign in to by OpenID Connect.
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;

var builder = WebApplication.CreateBuilder(args);
string Told(string name) => builder.Configuration[name] ?? throw new InvalidOperationException(name);

builder.Services
    .AddAuthentication(options =>
    {
        options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
        options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme;
    })
    .AddCookie()
    .AddOpenIdConnect(options =>
    {
        options.Authority = Told("OIDC_ISSUER");
        options.ClientId = Told("OIDC_CLIENT_ID");
        options.ClientSecret = Told("OIDC_CLIENT_SECRET");
        options.CallbackPath = new Uri(Told("OIDC_REDIRECT_URI")).AbsolutePath;
        options.ResponseType = "code";
        options.ResponseMode = "query";
        options.UsePkce = true;
        options.Scope.Clear();
        foreach (var scope in Told("OIDC_SCOPE").Split(' ')) options.Scope.Add(scope);
        options.GetClaimsFromUserInfoEndpoint = true;
        options.MapInboundClaims = false;
        options.TokenValidationParameters.NameClaimType = "name";
        options.SaveTokens = true;
        // Only for a server on this machine.
        options.RequireHttpsMetadata = !options.Authority.StartsWith("http://localhost");
    });
builder.Services.AddAuthorization();

var application = builder.Build();
application.UseAuthentication();
application.UseAuthorization();
application.MapGet("/", (HttpContext context) => $"Hello, {context.User.Identity?.Name}")
    .RequireAuthorization();
application.MapGet("/logout", async (HttpContext context) =>
{
    await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
    await context.SignOutAsync(OpenIdConnectDefaults.AuthenticationScheme);
});
application.Run();
