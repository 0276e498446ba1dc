using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Queues;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Knowledge;

// Goal: a record that the index gave up on is tried again by itself, is found where that does not help, and is searchable once it is brought back. Method: an index that refuses one record until it is mended.
public sealed class ReindexTests
{
    [Fact]
    public async Task What_the_index_gave_up_on_becomes_a_dead_letter_and_is_searchable_once_it_is_brought_back()
    {
        FaultyIndex faults = null!;
        await using var host = await PipelineHost.Start(services =>
        {
            var store = services.Last(service => service.ServiceType == typeof(IIndexStore));
            services.AddSingleton<IIndexStore>(provider => faults = new FaultyIndex((IIndexStore)ActivatorUtilities.CreateInstance(provider, store.ImplementationType!))
            {
                Refuse = records => records.Any(record => record.Key == "bad" && record.Chunks.Count > 0) ? new InvalidOperationException("no good") : null,
            });
            services.AddSingleton(new Random(1)).AddSophiaQueues(options => options.RetryAfter = TimeSpan.FromMilliseconds(5));
        });
        using var _ = CallerContext.For(PipelineWorld.Tenant);
        var (index, dead) = (host.Grains.GetGrain<IProjectionGrain>(TenantKey.Of(PipelineWorld.Tenant, Projections.Index)), host.Grains.GetGrain<IDeadLetterGrain>(TenantKey.Of(PipelineWorld.Tenant)));
        await Store(host, "good", "bad");
        await index.Hint(0);
        var letter = (await Eventually.Get(() => dead.List(new WorkQuery()), page => page.Items.Count == 1, "a dead letter")).Items.Single();
        Assert.Equal(("sophia", "reindex", WorkCause.Failed, 3, "InvalidOperationException: no good", "projection index"), (letter.Queue, letter.Kind, letter.Cause!.Value, letter.Attempts, letter.Error, letter.Origin));
        Assert.Contains("\"key\":\"bad\"", (await dead.Get(letter.Id, withPayload: true))!.Payload);
        Assert.Equal(1, (await index.View()).DeadLetters);

        faults.Refuse = _ => null;
        await dead.Revive([letter.Id], "it is mended", "ada");
        Assert.Equal(0, (await Eventually.Get(index.View, view => view.DeadLetters == 0, "no dead letter any more")).DeadLetters);
        var hits = (await host.Grains.GetGrain<ISearchGrain>(TenantKey.Of(PipelineWorld.Tenant)).Search(new SearchQuery("harbour", 10), default)).Hits;
        Assert.Equal(["bad", "good"], hits.Select(hit => hit.Citation.Key).Order());
    }

    private static async Task Store(PipelineHost host, params string[] keys)
    {
        var fence = await host.Log.Acquire(PipelineWorld.Tenant, "test", default);
        var payload = Encoding.UTF8.GetBytes("""{"note":"the harbour"}""");
        Assert.IsType<AppendOutcome.Committed>(await host.Log.Append(PipelineWorld.Tenant, new AppendBatch
        {
            Fence = fence, At = DateTimeOffset.UnixEpoch,
            Entries = [.. keys.Select(key => new NewEntry(EntryType.Record, "notes", key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload)))],
        }, default));
    }
}
