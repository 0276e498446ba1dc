using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Pipelines;

[GenerateSerializer, Alias("Sophia.PipelineDirectoryState")]
public sealed record PipelineDirectoryState
{
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>In ordinal order.</summary>
    [Id(1)]
    public IReadOnlyList<string> Names { get; init; } = [];
}

/// <summary>Which pipelines a tenant has; the key is the tenant. A name is here before its pipeline answers that it is defined.</summary>
[InTenantPool]
internal sealed class PipelineDirectoryGrain([PersistentState("pipelines", Stores.Durable)] IPersistentState<PipelineDirectoryState> stored, IRunStore runs, TimeProvider time)
    : Grain, IPipelineDirectoryGrain
{
    private TenantId Tenant => TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;

    public async Task<IReadOnlyList<PipelineView>> List()
    {
        var views = await Task.WhenAll(stored.State.Names.Select(name => GrainFactory.GetGrain<IPipelineGrain>(TenantKey.Of(Tenant, name)).View()));
        return [.. views.OfType<PipelineView>()];
    }

    public Task<IReadOnlyList<string>> Names() => Task.FromResult<IReadOnlyList<string>>(stored.State.Names.ToArray());

    public Task Add(string name) => stored.State.Names.Contains(name) ? Task.CompletedTask : Save([.. stored.State.Names.Append(name).Order(StringComparer.Ordinal)]);

    public Task Remove(string name) => stored.State.Names.Contains(name) ? Save([.. stored.State.Names.Where(known => known != name)]) : Task.CompletedTask;

    public async Task<IReadOnlyList<RunView>> RecentRuns(int limit)
    {
        var now = time.GetUtcNow();
        return (await runs.Recent(Tenant, null, Math.Clamp(limit, 1, 1_000), CancellationToken.None)).Select(row => RunKeeper.ViewOf(row, now, null)).ToArray();
    }

    private Task Save(IReadOnlyList<string> names) => stored.CommitAsync(stored.State with { Names = names }, onFailure: DeactivateOnIdle);
}
