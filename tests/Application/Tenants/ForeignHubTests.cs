using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Sophia.Chat;
using Sophia.Hosting;

namespace Sophia.Tenants;

// Goal: a key of one tenant hears nothing of another on the hub. Method: every method that a hub has, called by a stranger with the victim's
// names while the victim talks and runs; all that arrives is kept and searched.
public sealed class ForeignHubTests(TwoTenants world) : IClassFixture<TwoTenants>
{
    private readonly ConcurrentQueue<string> heard = new();

    public static TheoryData<Type> Hubs() => [.. typeof(ChatHub).Assembly.GetTypes().Where(t => typeof(Hub).IsAssignableFrom(t) && !t.IsAbstract)];

    [Theory]
    [MemberData(nameof(Hubs))]
    public async Task No_hub_method_tells_a_stranger_what_another_tenant_has(Type hub)
    {
        var (_, key, stranger) = await world.App.NewTenant();
        await using var victim = await HubClient.Connect(world.App.Url, world.VictimKey);
        await using var connection = await HubClient.Connect(world.App.Url, key);
        foreach (var push in typeof(IChatClient).GetMethods())
            connection.On<JsonElement>(push.Name, what => heard.Enqueue($"{push.Name} {what}"));
        using var enough = new CancellationTokenSource();
        var methods = hub.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(m => m.GetBaseDefinition() == m).ToList();
        var streams = methods.Where(IsStream).Select(m => Drain(connection, m, enough.Token)).ToList();
        foreach (var method in methods.Where(m => !IsStream(m)))
            heard.Enqueue($"{method.Name} {await Call(connection, method)}");

        await victim.Ask(TwoTenants.Session, TwoTenants.Question, "again");
        await foreach (var happened in victim.StreamAsync<ChatEvent>("Events", TwoTenants.Session, 0L))
            Assert.DoesNotContain("stranger", happened.Text);
        (await world.Owner.PostAsJsonAsync($"/api/pipelines/{TwoTenants.Pipeline}/runs", new { })).EnsureSuccessStatusCode();
        // The stranger's own run comes after that of the victim: where it is heard of, the other could have been.
        (await stranger.PostAsync("/api/inbox?path=own.txt", new StringContent("Nothing of note."))).EnsureSuccessStatusCode();
        await Eventually.Get(() => Task.FromResult(heard.Any(what => what.Contains("inbox", StringComparison.Ordinal))), there => there, "the stranger's own run");
        await enough.CancelAsync();
        await Task.WhenAll(streams);

        Assert.Equal(["Ask", "Events", "Follow"], methods.Select(m => m.Name).Intersect(["Ask", "Events", "Follow"]));
        Assert.Contains(heard, what => what.StartsWith("Follow", StringComparison.Ordinal));
        Assert.DoesNotContain(heard, what => new[] { TwoTenants.Marker, TwoTenants.Pipeline, TwoTenants.RecordKey, world.Victim, "ConversationChanged" }.Any(word => what.Contains(word, StringComparison.Ordinal)));
    }

    private static bool IsStream(MethodInfo method) => method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>);

    private static async Task<string> Call(HubConnection connection, MethodInfo method)
    {
        try
        {
            return $"{await connection.InvokeCoreAsync<JsonElement?>(method.Name, Arguments(method))}";
        }
        catch (HubException refused)
        {
            return refused.Message;
        }
    }

    private async Task Drain(HubConnection connection, MethodInfo method, CancellationToken enough)
    {
        try
        {
            await foreach (var item in connection.StreamAsyncCore<JsonElement>(method.Name, Arguments(method), enough))
                heard.Enqueue($"{method.Name} {item}");
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>The victim's names; a parameter of a kind that is not known here is a reason to fail.</summary>
    private static object?[] Arguments(MethodInfo method) => [.. method.GetParameters().Where(p => p.ParameterType != typeof(CancellationToken)).Select(p => p.Name switch
    {
        "session" => TwoTenants.Session,
        "text" => "What does the harbour ledger say to a stranger?",
        "filter" or "operationId" or "reason" => (object?)null,
        "after" => 0L,
        "question" => 1L,
        "mark" => 1,
        "limit" => 100,
        _ => throw new InvalidOperationException($"{method.Name} has a parameter \"{p.Name}\": say here what it is of the victim."),
    })];
}
