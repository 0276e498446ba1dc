using Sophia.Knowledge.StandIn;
using Sophia.Log;
using Sophia.Servers;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>A tenant leaves Weaviate as a whole, whatever fails on the way, and nobody else with it. Method: real client, real sockets, and a stand-in that is looked into.</summary>
[NeedsPostgres]
public sealed class WeaviateTenantsTests : IAsyncLifetime
{
    private static readonly TenantId Acme = TenantId.Parse("acme"), Beta = TenantId.Parse("beta"), Nobody = TenantId.Parse("nobody");
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly WeaviateWorld world = new();

    public async Task InitializeAsync()
    {
        await world.Start();
        await Fill(Acme);
        await Fill(Beta);
    }

    public async Task DisposeAsync()
    {
        Assert.Equal("", string.Join("\n", world.StandIn.Violations.Take(3)));
        await world.DisposeAsync();
    }

    [EngineFact]
    public async Task A_tenant_leaves_every_collection_with_its_passages_and_others_stay()
    {
        var tenants = new WeaviateTenants(world.Connection);
        Assert.Equal((4, 4, 0), (await tenants.Count(Acme, default), await tenants.Count(Beta, default), await tenants.Count(Nobody, default)));
        await tenants.Erase(Acme, default);
        Assert.Equal((0, 4), (await tenants.Count(Acme, default), await tenants.Count(Beta, default)));
        Assert.Equal(["beta", "beta", "beta", "beta"], world.StandIn.Objects.Definitions.SelectMany(definition => world.StandIn.Objects.TenantsOf(definition.Name)));
        Assert.Equal(2, world.StandIn.Objects.All.Count());
        await tenants.Erase(Acme, default);
        await tenants.Erase(Nobody, default);
        Assert.Equal(4, await tenants.Count(Beta, default));
    }

    [EngineTheory]
    [InlineData(Trouble.TooMany)]
    [InlineData(Trouble.Unavailable)]
    [InlineData(Trouble.Broken)]
    [InlineData(Trouble.AnswerLost)]
    public async Task A_removal_that_fails_is_said_and_succeeds_when_it_is_called_again(Trouble trouble)
    {
        var tenants = new WeaviateTenants(world.Connection);
        var asked = 0;
        world.StandIn.Fate = call => call.StartsWith("DELETE", StringComparison.Ordinal) && Interlocked.Increment(ref asked) >= 2 ? trouble : Trouble.None;
        await Assert.ThrowsAsync<StorageException>(() => tenants.Erase(Acme, default));
        Assert.InRange(world.StandIn.Objects.Definitions.Count(definition => world.StandIn.Objects.TenantsOf(definition.Name).Contains("acme")), 2, 3);
        world.StandIn.Fate = _ => Trouble.None;
        await tenants.Erase(Acme, default);
        Assert.Equal((0, 4), (await tenants.Count(Acme, default), await tenants.Count(Beta, default)));
    }

    [EngineFact]
    public async Task A_tenant_that_comes_back_under_the_name_finds_nothing_of_before()
    {
        await new WeaviateTenants(world.Connection).Erase(Acme, default);
        Assert.Empty((await world.Store.Candidates(Beta, new CandidateQuery(["acme"], ["acme"], null, 10), default)).Chunks);
        await Fill(TenantId.Parse("acme-2"));
        Assert.Equal(["acme-2 section", "acme-2 turns", "beta section", "beta turns"], world.StandIn.Objects.All.Select(stored => stored.Text("text")).Order(StringComparer.Ordinal));
    }

    private async Task Fill(TenantId tenant) => Assert.True(await world.Store.Apply(tenant, new IndexCursor(0, 0), new IndexCursor(1, 1),
        [new IndexedRecord("notes", "a", 1, 1, Noon, "", new Dictionary<string, string>(), [Of(0, ChunkKind.Section, $"{tenant.Value} section"), Of(1, ChunkKind.Turns, $"{tenant.Value} turns")])], Noon, default));

    private static Chunk Of(int ordinal, ChunkKind kind, string text) => new(ordinal, kind, text, null, [], [new("text", 0, text.Length, 0)]);
}
