using System.Text;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>Profiles, findings and suggestions of a silo over the embedded store: what is switched on is a version of the definition, and the log says by whom.</summary>
public sealed class QualityGrainTests
{
    private const string Definition = "name: crm\nsource: {type: files, path: x}\nstreams:\n  deals:\n    headers: {ctry: country}\n    rules:\n      - required: country\n        level: warning\n# the author's last words\n";

    [Fact]
    public async Task An_accepted_suggestion_is_a_new_version_that_finds_what_the_suggestion_said()
    {
        await using var world = await World.Start();
        var suggestion = Assert.Single(await world.Ask(q => q.Suggestions("deals")), s => s is { Kind: "dependency", Field: "city" });
        Assert.Equal(1, suggestion.Against);
        var outcome = await world.Ask(q => q.Accept("deals", [suggestion.Id, "0000000000"], "crm", "warning", "ann"));
        Assert.Equal((2, suggestion.Id, "0000000000"), (outcome.Version, Assert.Single(outcome.Accepted), Assert.Single(outcome.Unknown)));
        Assert.StartsWith(Definition.TrimEnd(), (await world.As(pipeline => pipeline.View()))!.DefinitionText);
        var found = await world.Ask(q => q.Findings(new FindingsQuery("deals")));
        var finding = Assert.Single(found.Items, f => f.Kind == "dependency");
        Assert.Equal(("17", "city", "Ulm", "pipeline crm, version 2, accepted from a suggestion"), (finding.Key, finding.Field, finding.Value, finding.Source));
        Assert.True(found.Scores.Single(score => score.Check == "consistency").Score is > 0.9 and < 1);
        Assert.DoesNotContain(await world.Ask(q => q.Suggestions("deals")), s => s.Id == suggestion.Id);
        Assert.Contains(await world.Audit(), text => text.Contains("\"who\":\"ann\"") && text.Contains("rules accepted into pipeline crm"));
    }

    [Fact]
    public async Task A_dismissed_suggestion_is_not_made_again_and_says_why_in_the_audit()
    {
        await using var world = await World.Start();
        var suggestion = (await world.Ask(q => q.Suggestions("deals")))[0];
        await world.Ask(q => q.Dismiss("deals", [suggestion.Id], "by chance", "ann"));
        Assert.DoesNotContain(await world.Ask(q => q.Suggestions("deals")), s => s.Id == suggestion.Id);
        Assert.Contains(await world.Audit(), text => text.Contains("by chance"));
    }

    [Fact]
    public async Task A_profile_follows_the_log_and_rules_find_fields_by_their_mapped_names()
    {
        await using var world = await World.Start();
        Assert.Equal((60L, 3L), (await world.Ask(q => q.Profile("deals")) is var profile ? (profile.Records, profile.Fields.Single(field => field.Field == "zip").Distinct) : default));
        await world.Store("new", """{"zip":"999","city":"Bonn","ctry":null}""");
        Assert.Equal((61L, 4L), (await world.Ask(q => q.Profile("deals")) is var next ? (next.Records, next.Fields.Single(field => field.Field == "zip").Distinct) : default));
        Assert.Equal(("new", "country"), (await world.Ask(q => q.Findings(new FindingsQuery("deals"))) is var page ? Assert.Single(page.Items) : null) is { } finding ? (finding.Key, finding.Field) : default);
    }

    [Fact]
    public async Task An_unknown_stream_or_pipeline_is_not_found()
    {
        await using var world = await World.Start();
        Assert.Equal(RefusalCode.NotFound, (await Assert.ThrowsAsync<RefusedException>(() => world.Ask(q => q.Profile("never")))).Code);
        Assert.Equal(RefusalCode.NotFound, (await Assert.ThrowsAsync<RefusedException>(() => world.Ask(q => q.Accept("deals", ["0"], "never", "warning", "ann")))).Code);
    }

    private sealed class World(PipelineHost host) : IAsyncDisposable
    {
        public static async Task<World> Start()
        {
            var world = new World(await PipelineHost.Start());
            await world.As(pipeline => pipeline.Define(Definition, "crm.yaml"));
            for (var i = 0; i < 60; i++)
                await world.Store($"{i}", $$"""{"zip":"{{i % 3}}","city":"{{(i == 17 ? "Ulm" : (string[])["Bonn", "Trier", "Gera"] is var cities ? cities[i % 3] : "")}}","ctry":"DE"}""");
            return world;
        }

        public Task<T> As<T>(Func<IPipelineGrain, Task<T>> ask) => host.As(ask);

        public async Task<T> Ask<T>(Func<IQualityGrain, Task<T>> ask)
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            return await ask(host.Grains.GetGrain<IQualityGrain>(TenantKey.Of(PipelineWorld.Tenant)));
        }

        public async Task Store(string key, string payload)
        {
            var fence = await host.Log.Acquire(PipelineWorld.Tenant, "test", default);
            var bytes = Encoding.UTF8.GetBytes(payload);
            Assert.IsType<AppendOutcome.Committed>(await host.Log.Append(PipelineWorld.Tenant, new AppendBatch
            {
                Fence = fence, At = DateTimeOffset.UtcNow, Entries = [new NewEntry(EntryType.Record, "deals", key, RecordOperation.Upsert, bytes, EntryHash.Of(RecordOperation.Upsert, bytes))],
            }, default));
        }

        public async Task<IReadOnlyList<string>> Audit() =>
            [.. (await host.Log.Read(PipelineWorld.Tenant, 0, 1_000, 1 << 20, default)).Where(e => e.Type == EntryType.Audit).Select(e => Encoding.UTF8.GetString(e.Payload.Span))];

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
