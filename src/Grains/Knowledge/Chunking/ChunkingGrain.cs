using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Cuts a tenant's records; the key is "tenant/chunking". It keeps nothing.</summary>
/// <remarks>It reads the log where it is, so that what travels is a range on the way there and the chunks on the way back; within a process not even those are copied.</remarks>
[InTenantPool, OnGpu]
internal sealed class ChunkingGrain(ILogStore log, IOptions<ProjectionOptions> options, GpuPlacement placement, IBulkheads? bulkheads = null) : Grain, IChunkingGrain
{
    private LogChunker chunker = null!;
    private TenantId tenant;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        chunker = new LogChunker(tenant, log, options.Value.Chunking);
        return Task.CompletedTask;
    }

    public async Task<ChunkedRows> Chunk(long after, int maxRows, int maxBytes, CancellationToken cancellation)
    {
        if (placement.IsBetterElsewhere(this.GetGrainId()))
            MigrateOnIdle();
        using var place = bulkheads is null ? default : await bulkheads.Enter(tenant, BulkheadKind.Work, cancellation);
        return await chunker.Chunk(after, maxRows, maxBytes, cancellation);
    }
}
