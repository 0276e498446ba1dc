using System.Text;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>Decisions on held items in a silo over the embedded store: what is stored, what is refused, and what the log says of it.</summary>
public sealed class QuarantineGrainTests
{
    private const string Definition = """
        name: crm
        source: {type: fake, path: x}
        streams:
          deals:
            key: id
            rules: [{type: {amount: number}}]
        """;

    [Fact]
    public async Task A_release_stores_the_record_closes_the_item_and_leaves_an_audit_entry()
    {
        await using var world = await World.Start();
        var id = await world.Hold("1", """{"id":"1","amount":"many"}""");
        var outcome = Assert.Single(await world.Ask(q => q.Release((long[])[id], "ann")));
        Assert.Equal(QuarantineState.Released, outcome.State);
        Assert.Equal("""{"id":"1","amount":"many"}""", await world.Current("1"));
        Assert.Equal(("ann", QuarantineState.Released), await world.Ask(async q => (await q.Get(id) is { } item ? (item.DecidedBy!, item.State) : default)));
        var audit = Assert.Single(await world.Log.Read(PipelineWorld.Tenant, 0, 100, 1 << 20, default), e => e.Type == EntryType.Audit);
        Assert.Contains("\"who\":\"ann\"", Encoding.UTF8.GetString(audit.Payload.Span));
    }

    [Fact]
    public async Task A_second_decision_changes_nothing_and_says_who_took_the_first()
    {
        await using var world = await World.Start();
        var id = await world.Hold("1", """{"id":"1","amount":"many"}""");
        await world.Ask(q => q.Discard((long[])[id], "junk", "ann"));
        var again = Assert.Single(await world.Ask(q => q.Release((long[])[id], "bob")));
        Assert.Equal(QuarantineState.Discarded, again.State);
        Assert.Contains("ann", again.Detail);
        Assert.Null(await world.Current("1"));
    }

    [Fact]
    public async Task A_release_never_overwrites_a_newer_version()
    {
        await using var world = await World.Start();
        await world.Store("1", """{"id":"1","amount":1}""");
        var id = await world.Hold("1", """{"id":"1","amount":"many"}""");
        await world.Store("1", """{"id":"1","amount":2}""");
        var outcome = Assert.Single(await world.Ask(q => q.Release((long[])[id], "ann")));
        Assert.Equal(QuarantineState.Held, outcome.State);
        Assert.Contains("newer version (2", outcome.Detail);
        Assert.Equal("""{"id":"1","amount":2}""", await world.Current("1"));
    }

    [Fact]
    public async Task An_edit_is_judged_again_and_stored_only_where_it_passes()
    {
        await using var world = await World.Start();
        var id = await world.Hold("1", """{"id":"1","amount":"many"}""");
        var still = await world.Ask(q => q.Edit(id, """{"id":"1","amount":"few"}""", "ann"));
        Assert.Equal((QuarantineState.Held, "amount"), (still.State, Assert.Single(still.Reasons).Field));
        Assert.Equal("few", (await world.Ask(q => q.Get(id)))!.Reasons[0].Value);
        var right = await world.Ask(q => q.Edit(id, """{"id":"1","amount":"12.5"}""", "ann"));
        Assert.Equal(QuarantineState.Released, right.State);
        Assert.Equal("""{"id":"1","amount":"12.5"}""", await world.Current("1"));
    }

    [Fact]
    public async Task One_edit_of_many_items_stores_those_that_pass_and_leaves_an_audit_entry_each()
    {
        await using var world = await World.Start();
        foreach (var (key, amount) in new[] { ("1", "many"), ("2", "few"), ("3", "many") })
            await world.Hold(key, $$"""{"id":"{{key}}","amount":"{{amount}}"}""");
        var edit = new BulkDecision(BulkKind.Edit, "crm", "deals", "type:amount", "amount", null, null, [new ValueReplacement("many", "12")]);
        var dry = await world.Ask(q => q.Many(edit with { DryRun = true }, "ann"));
        Assert.Equal((3, 0, 3), (dry.Taken, dry.Released, dry.StillHeld));
        Assert.Null(await world.Current("1"));
        var done = await world.Ask(q => q.Many(edit, "ann"));
        Assert.Equal((3, 2, 1, (long?)null), (done.Taken, done.Released, done.StillHeld, done.Next is null ? null : (await world.Ask(q => q.Many(edit with { Before = done.Next }, "ann"))).Next));
        Assert.Equal("""{"id":"3","amount":12}""", await world.Current("3"));
        Assert.Null(await world.Current("2"));
        var rest = await world.Ask(q => q.Many(new BulkDecision(BulkKind.Discard, null, null, "type:amount", null, "junk", null, []), "ann"));
        Assert.Equal((1, 1), (rest.Taken, rest.Discarded));
        Assert.Equal(3, (await world.Log.Read(PipelineWorld.Tenant, 0, 100, 1 << 20, default)).Count(e => e.Type == EntryType.Audit));
    }

    [Fact]
    public async Task A_decision_on_many_that_names_nothing_is_refused()
    {
        await using var world = await World.Start();
        await Assert.ThrowsAsync<RefusedException>(() => world.Ask(q => q.Many(new BulkDecision(BulkKind.Release, null, null, null, null, null, null, []), "ann")));
        await Assert.ThrowsAsync<RefusedException>(() => world.Ask(q => q.Many(new BulkDecision(BulkKind.Edit, "crm", null, null, "amount", null, null, []), "ann")));
    }

    /// <summary>Held before the names were reserved, or by a source that still uses one.</summary>
    [Fact]
    public async Task An_item_of_a_stream_of_Sophias_own_is_never_stored()
    {
        await using var world = await World.Start();
        var id = await world.Hold("1", """{"id":"1","amount":1}""", "audit");
        var released = Assert.Single(await world.Ask(q => q.Release((long[])[id], "ann")));
        Assert.Equal((QuarantineState.Held, "stream"), (released.State, Assert.Single(released.Reasons).Rule));
        Assert.Equal(QuarantineState.Held, (await world.Ask(q => q.Edit(id, """{"id":"1","amount":2}""", "ann"))).State);
        Assert.Equal(QuarantineState.Discarded, Assert.Single(await world.Ask(q => q.Discard((long[])[id], "junk", "ann"))).State);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"a\":1,\"a\":2}")]
    public async Task An_edit_that_is_no_object_is_refused_and_changes_nothing(string payload)
    {
        await using var world = await World.Start();
        var id = await world.Hold("1", """{"id":"1"}""");
        Assert.Equal(RefusalCode.Invalid, (await Assert.ThrowsAsync<RefusedException>(() => world.Ask(q => q.Edit(id, payload, "ann")))).Code);
        Assert.Equal("""{"id":"1"}""", (await world.Ask(q => q.Get(id)))!.PayloadJson);
    }

    [Fact]
    public async Task A_piece_that_is_no_record_can_be_edited_into_one_but_not_released()
    {
        await using var world = await World.Start();
        var id = await world.Hold(null, null);
        Assert.Equal(QuarantineState.Held, (await world.Ask(q => q.Release((long[])[id], "ann")))[0].State);
        Assert.Equal(QuarantineState.Released, (await world.Ask(q => q.Edit(id, """{"id":"7","amount":1}""", "ann"))).State);
        Assert.NotNull(await world.Current("7"));
    }

    [Fact]
    public async Task An_unknown_item_is_said_to_be_unknown()
    {
        await using var world = await World.Start();
        Assert.Contains("no quarantined item 99", (await world.Ask(q => q.Release((long[])[99], "ann")))[0].Detail);
        Assert.Null(await world.Ask(q => q.Get(99)));
    }

    private sealed class World : IAsyncDisposable
    {
        private readonly PipelineHost host;

        private World(PipelineHost host) => this.host = host;

        public ILogStore Log => host.Log;

        public static async Task<World> Start()
        {
            var host = await PipelineHost.Start();
            await host.As(pipeline => pipeline.Define(Definition.Replace("type: fake", "type: files"), "crm.yaml"));
            return new World(host);
        }

        public async Task<T> Ask<T>(Func<IQuarantineGrain, Task<T>> ask)
        {
            using var _ = CallerContext.For(PipelineWorld.Tenant);
            return await ask(host.Grains.GetGrain<IQuarantineGrain>(TenantKey.Of(PipelineWorld.Tenant)));
        }

        public async Task Store(string key, string payload) => await Append(batch => batch with
        {
            Entries = [new NewEntry(EntryType.Record, "deals", key, RecordOperation.Upsert, Encoding.UTF8.GetBytes(payload), EntryHash.Of(RecordOperation.Upsert, Encoding.UTF8.GetBytes(payload)))],
        });

        public async Task<long> Hold(string? key, string? payload, string stream = "deals")
        {
            await Append(batch => batch with
            {
                Quarantined = [new NewQuarantine("crm", stream, key, payload is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(payload), [new CellReason("amount", "type:amount", "many", "a number", null)], new Origin("deals.csv", 10, 20, 2), 1)],
            });
            return (await Ask(q => q.List(new QuarantineQuery()))).Items[0].Id;
        }

        public async Task<string?> Current(string key) =>
            await Log.Newest(PipelineWorld.Tenant, "deals", key, default) is { } entry ? Encoding.UTF8.GetString(entry.Payload.Span) : null;

        public ValueTask DisposeAsync() => host.DisposeAsync();

        private async Task Append(Func<AppendBatch, AppendBatch> fill)
        {
            var fence = await Log.Acquire(PipelineWorld.Tenant, "test", default);
            Assert.IsType<AppendOutcome.Committed>(await Log.Append(PipelineWorld.Tenant, fill(new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch }), default));
        }
    }
}
