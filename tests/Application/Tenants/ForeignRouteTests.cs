using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Chat;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Resilience;
using Sophia.Queues;

namespace Sophia.Tenants;

// Goal: a key of one tenant learns nothing of another through any address. Method: every mapped route, asked by a stranger once with the
// names of what the victim has and once with names of what never was; both answers must be the same, and nothing of the victim may change.
public sealed class ForeignRouteTests(TwoTenants world) : IClassFixture<TwoTenants>
{
    /// <summary>What a parameter of a route or a query stands for: what the victim has, and what nobody has.</summary>
    private Dictionary<string, (string Theirs, string Never)> Names => new()
    {
        ["tenant"] = (world.Victim, "t-never0000000000000"),
        ["pipeline"] = (TwoTenants.Pipeline, "never-crm"),
        ["name"] = (TwoTenants.Pipeline, "never-crm"),
        ["run"] = (world.Run, "never-crm-1"),
        ["id"] = (world.KeyId, "0123456789ab"),
        ["id:long"] = ($"{world.Held}", "987654321"),
        ["session"] = (TwoTenants.Session, "never-talk"),
        ["stream"] = (TwoTenants.Stream, "never-crm/calls/never"),
        ["key"] = (TwoTenants.RecordKey, "never-7"),
        ["q"] = ("harbour", "hinterland"),
        ["path"] = ("calls/harbour.jsonl", "calls/never.jsonl"),
        ["code"] = ($"{world.Victim}.guess", "t-never0000000000000.guess"),
        ["documentName"] = ("v1", "v1"),
        ["file"] = ("harbour.yaml", "never.yaml"),
        ["problem"] = ("idempotency-key-missing", "idempotency-key-missing"),
        ["caller"] = (world.KeyId, "0123456789ab"),
        ["queue"] = ("jobs", "never-jobs"),
        ["cause"] = ("", ""),
        ["error"] = ("", ""),
        ["dependency"] = ("harbour-model", "never-model"),
        ["node"] = ($"pipeline/{world.Victim}/{TwoTenants.Pipeline}", "pipeline/t-never0000000000000/never-crm"),
        ["speaker"] = ("", ""),
        ["state"] = ("", ""),
        ["after"] = ("", ""),
        ["rule"] = ("", ""),
        ["field"] = ("", ""),
        ["format"] = ("", ""),
        ["kind"] = ("", ""),
        ["at"] = ("", ""),
        ["replay"] = ("", ""),
        ["from"] = ("", ""),
        ["until"] = ("", ""),
        ["mark"] = ("", ""),
        ["reason"] = ("mine", "mine"),
        ["confirm"] = ($"{world.Held}", "987654321"),
    };

    /// <summary>The bodies of requests, by the type that a route reads; <c>@</c> stands before a name of <see cref="Names"/>.</summary>
    private static readonly Dictionary<Type, string> Bodies = new()
    {
        [typeof(ErasureSelection)] = """{"records":[{"stream":"@stream","key":"@key"}]}""",
        [typeof(ApplyErasure)] = """{"token":"00000000000000000000000000000000"}""",
        [typeof(AllowRecords)] = """{"records":[{"stream":"@stream","key":"@key"}]}""",
        [typeof(QuarantineIds)] = """{"ids":[@id:long]}""",
        [typeof(QuarantineDecide)] = """{"kind":"release","pipeline":"@pipeline","stream":"@stream"}""",
        [typeof(QuarantineBulk)] = """{"kind":"release","pipeline":"@pipeline","stream":"@stream"}""",
        [typeof(NewItems)] = """{"items":[{"kind":"mine","payload":{},"dedupKey":"@name"}]}""",
        [typeof(LeaseAsked)] = """{"worker":"mine"}""",
        [typeof(LeasesHeld)] = """{"leases":[{"id":@id:long,"lease":1}]}""",
        [typeof(LeasesEnded)] = """{"results":[{"id":@id:long,"lease":1,"end":"done"}]}""",
        [typeof(HoldLevel)] = """{"level":"full","because":"mine","system":true,"confirm":"system"}""",
        [typeof(ReleaseLevel)] = """{"because":"mine","confirm":"@tenant"}""",
        [typeof(NewContainment)] = """{"node":"@node","because":"mine","confirm":"@node"}""",
        [typeof(ReleaseKey)] = """{"key":"@key","caller":"@caller","reason":"mine","confirm":"@key"}""",
        [typeof(ContainmentWord)] = """{"because":"mine","confirm":"@node"}""",
        [typeof(QueueHold)] = """{"queue":"@queue","reason":"mine","confirm":"@queue"}""",
        [typeof(QueueWeight)] = """{"weight":2,"reason":"mine","confirm":"@tenant"}""",
        [typeof(DeadIds)] = """{"ids":[@id:long],"reason":"mine","confirm":"1"}""",
        [typeof(StopReplay)] = """{"reason":"mine","confirm":"1"}""",
        [typeof(ReplayDead)] = """{"queue":"@queue","reason":"mine","confirm":"@queue"}""",
        [typeof(SuggestionAccept)] = """{"ids":["0123456789"],"pipeline":"@pipeline"}""",
        [typeof(SuggestionDismiss)] = """{"ids":["0123456789"],"reason":"mine"}""",
        [typeof(QuarantineDiscard)] = """{"ids":[@id:long],"reason":"mine"}""",
        [typeof(NewKey)] = """{"label":"mine","role":"viewer"}""",
        [typeof(NewTenant)] = """{"tenant":"@tenant","displayName":"mine"}""",
        [typeof(SuspendTenant)] = """{"reason":"mine"}""",
        [typeof(DeleteTenant)] = """{"confirm":"@tenant","now":true,"confirmNow":"delete @tenant now"}""",
        [typeof(StartRun)] = "{}",
        [typeof(Resilience.BreakerWord)] = """{"reason":"mine","confirm":"@dependency"}""",
        [typeof(SetLimit)] = """{"limit":1,"reason":"mine","confirm":"@name"}""",
        [typeof(LimitWord)] = """{"reason":"mine","confirm":"@name"}""",
        [typeof(ReleaseLimited)] = """{"of":"key:@id","reason":"mine","confirm":"key:@id"}""",
        [typeof(TakeLimits)] = """{"resource":"mine","key":"@id"}""",
        [typeof(ReportCall)] = """{"permit":"1","outcome":"success"}""",
        [typeof(ClaimWork)] = """{"key":"@key","fingerprint":"mine"}""",
        [typeof(HoldWork)] = """{"key":"@key","round":"1"}""",
        [typeof(CompleteWork)] = """{"key":"@key","round":"1","status":200,"body":"mine"}""",
        [typeof(ReleaseWork)] = """{"key":"@key","round":"1","because":"mine"}""",
        [typeof(TestLimits)] = """{"key":"@id"}""",
        [typeof(ReplayRequest)] = """{"stream":"@stream","key":"@key"}""",
        [typeof(SearchQuery)] = """{"text":"@q"}""",
        [typeof(NewConversation)] = """{"session":"@session"}""",
        [typeof(NewQuestion)] = """{"text":"What does the @q say?"}""",
        [typeof(NewOpinion)] = """{"question":1,"mark":1}""",
        [typeof(OneQuestion)] = """{"text":"What does the @q say?","session":"@session"}""",
    };

    [Fact]
    public async Task No_route_tells_a_stranger_what_another_tenant_has()
    {
        var before = await world.Everything();
        var asked = 0;
        foreach (var (method, route) in Routes())
        {
            // A stranger each, because a request may leave something of the stranger's own behind.
            var theirs = await Answer(await Stranger(route), method, route, name => name.Theirs);
            var never = await Answer(await Stranger(route), method, route, name => name.Never);
            Assert.True(theirs == never, $"{method} {route.RoutePattern.RawText}\nof the victim: {theirs}\nof nobody:     {never}");
            Assert.DoesNotContain(TwoTenants.Marker, theirs);
            asked++;
        }
        Assert.True(asked > 40, $"Only {asked} routes were found.");
        foreach (var (path, text) in await world.Everything())
            Assert.Equal(before[path], text);
    }

    // Where failure domains are shown, one whose own are all known: they are from the first look that came past it on.
    private async Task<HttpClient> Stranger(RouteEndpoint route)
    {
        var (name, _, client) = await world.App.NewTenant();
        if (route.RoutePattern.RawText!.Contains("domains", StringComparison.Ordinal))
            await Eventually.Comes(async () => (await client.GetStringAsync("/api/domains")).Contains($"index/{name}/records", StringComparison.Ordinal), "the stranger's own among the failure domains");
        return client;
    }

    private IEnumerable<(HttpMethod, RouteEndpoint)> Routes() =>
        from endpoint in world.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"]
        select (new HttpMethod(method), endpoint);

    /// <summary>Status and body, without what differs between any two requests and without the names that were asked for.</summary>
    private async Task<string> Answer(HttpClient stranger, HttpMethod method, RouteEndpoint route, Func<(string Theirs, string Never), string> choose)
    {
        var path = Regex.Replace(route.RoutePattern.RawText!, @"\{\**([^}?=]*)[^}]*\}", hole => hole.Groups[1].Value == "stream" ? Uri.EscapeDataString(choose(Names["stream"])) : choose(Known(route, hole.Groups[1].Value == "id:long" ? "id:long" : hole.Groups[1].Value.Split(':')[0])));
        var query = Parameters(route).Where(p => Kind(p) == typeof(string) && !path.Contains($"{{{p.Name}", StringComparison.Ordinal) && !route.RoutePattern.Parameters.Any(r => r.Name == p.Name))
            .Select(p => (p.Name, Value: p.Name == "id" ? choose(($"{TwoTenants.Stream}/{TwoTenants.RecordKey}", "never-crm/calls/never/never-7")) : choose(Known(route, p.Name!)))).Where(p => p.Value.Length > 0);
        var uri = $"/{path.TrimStart('/')}?{string.Join('&', query.Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"))}";
        using var request = new HttpRequestMessage(method, uri);
        if (method != HttpMethod.Get && method != HttpMethod.Head)
            request.Content = new StringContent(Regex.Replace(Body(route), @"@([a-z]+(:long)?)", hole => choose(Names[hole.Groups[1].Value])), Encoding.UTF8, "application/json");
        using var answer = await stranger.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(answer.StatusCode != HttpStatusCode.InternalServerError, $"{method} {uri}: 500");
        var text = $"{(int)answer.StatusCode} {answer.Headers.Location} {await answer.Content.ReadAsStringAsync()}";
        Assert.True(answer.StatusCode != HttpStatusCode.BadRequest || route.RoutePattern.RawText == "/hub", $"{method} {uri} shows nothing: {text}");
        foreach (var name in Names.Values.Select(choose).Append($"{choose(Names["stream"])}/{choose(Names["key"])}").Where(name => name.Any(char.IsAsciiLetter)).OrderByDescending(name => name.Length))
            foreach (var written in new[] { name, JsonEncodedText.Encode(name).ToString(), WebUtility.HtmlEncode(name), Uri.EscapeDataString(name) })
                // A short name may stand in a random code by chance.
                text = written.Length > 6 ? text.Replace(written, "~", StringComparison.Ordinal) : Regex.Replace(text, $"(?<![A-Za-z0-9_-]){Regex.Escape(written)}(?![A-Za-z0-9_-])", "~");
        var alike = Regex.Replace(Regex.Replace(text, "[0-9a-f]{12,}|[A-Za-z0-9_-]{22,}", "~"), @"\d+([.:TZ+-]+\d+)*(E-\d+)?", "#");
        return Regex.Replace(alike, "# (ms|s|min # s)(?![a-z])", "# s");
    }

    private (string, string) Known(RouteEndpoint route, string name) => Names.TryGetValue(name, out var known) ? known
        : throw new InvalidOperationException($"{route.RoutePattern.RawText} has a parameter \"{name}\": say in Names what it is of the victim.");

    private string Body(RouteEndpoint route)
    {
        var type = Parameters(route).Select(Kind).SingleOrDefault(IsBody);
        return type is null ? route.RoutePattern.RawText!.EndsWith("/pipelines/{name}", StringComparison.Ordinal) ? "name: @name\nsource: {type: webhook, secret: generated}" : "{}"
            : Bodies.TryGetValue(type, out var body) ? body
            : throw new InvalidOperationException($"{route.RoutePattern.RawText} reads {type.Name}: say in Bodies what names it takes.");
    }

    private bool IsBody(Type type) => type.Namespace?.StartsWith("Sophia", StringComparison.Ordinal) == true && type is { IsInterface: false, IsValueType: false } && world.App.Services.GetService(type) is null;

    private static IEnumerable<ParameterInfo> Parameters(RouteEndpoint route) => route.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? [];

    private static Type Kind(ParameterInfo parameter) => parameter.ParameterType == typeof(string[]) && parameter.Name != "span" ? typeof(string) : Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
}
