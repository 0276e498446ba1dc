using System.Globalization;

namespace Sophia.Resilience;

/// <summary>Holds requests to what their tenant and their key may ask, and says so as draft-ietf-httpapi-ratelimit-headers does (docs/adr/0028).</summary>
/// <remarks>All limits must admit a request; where one refuses, none is charged. Stands behind sign-in, so that it knows whose request it is, and before everything that costs something.</remarks>
internal sealed class LimitMiddleware(RequestDelegate next, ILimits limits)
{
    /// <summary>Resources of <see cref="ILimits"/>: all requests of a tenant, and those of one API key.</summary>
    public const string OfTenant = "api", OfKey = "api-key";

    private const string PolicyHeader = "RateLimit-Policy", LimitHeader = "RateLimit";

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/api") && context.User.TryCaller() is { } caller)
            Ask(context, limits.For(caller.Tenant, OfTenant), limits.For(caller.Tenant, OfKey, caller.KeyId));
        return next(context);
    }

    private static void Ask(HttpContext context, ILimit? ofTenant, ILimit? ofKey)
    {
        var first = ofTenant?.Ask();
        var second = first is { IsAdmitted: false } ? null : ofKey?.Ask();
        if (second is { IsAdmitted: false })
            ofTenant?.GiveBack();
        (string Name, LimitTerms Terms, LimitAnswer Answer)[] asked =
        [
            .. first is { } tenant ? [(OfTenant, ofTenant!.Terms, tenant)] : Array.Empty<(string, LimitTerms, LimitAnswer)>(),
            .. second is { } key ? [(OfKey, ofKey!.Terms, key)] : Array.Empty<(string, LimitTerms, LimitAnswer)>(),
        ];
        if (asked.Length == 0)
            return;
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [PolicyHeader] = string.Join(", ", asked.Select(one => string.Create(CultureInfo.InvariantCulture, $"\"{one.Name}\";q={one.Terms.Burst:0};w={Seconds(TimeSpan.FromSeconds(one.Terms.Burst / one.Terms.Rate))}"))),
            [LimitHeader] = string.Join(", ", asked.Select(one => string.Create(CultureInfo.InvariantCulture, $"\"{one.Name}\";r={(one.Answer.IsAdmitted ? one.Answer.Remaining : 0)};t={Seconds(one.Answer.IsAdmitted ? one.Answer.ResetAfter : one.Answer.RetryAfter)}"))),
        };
        if (asked[^1] is { Answer.IsAdmitted: false } refused)
            throw new ProblemException(new Problem("https://iana.org/assignments/http-problem-types#quota-exceeded", "Request cannot be satisfied as assigned quota has been exceeded", StatusCodes.Status429TooManyRequests, "quota-exceeded",
                refused.Name == OfKey ? "This API key has asked as often as it may." : "This tenant has asked as often as it may.", RetryAfter: Seconds(refused.Answer.RetryAfter), ViolatedPolicies: [refused.Name]), headers);
        foreach (var (name, value) in headers)
            context.Response.Headers[name] = value;
    }

    /// <summary>Whole seconds, one at least: nobody is told to come back at once.</summary>
    private static int Seconds(TimeSpan span) => span == Timeout.InfiniteTimeSpan ? int.MaxValue : Math.Max(1, (int)Math.Ceiling(span.TotalSeconds));
}
