using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Says of a record in the index whether its passages have vectors.</summary>
internal sealed class VectorExplainer(IIndexStore index, IVectorStore vectors, IGrainFactory grains)
{
    /// <summary>Passages without a vector that are looked at, oldest first.</summary>
    private const int Looked = 200;

    /// <summary>How the passages' sentence ends.</summary>
    public async Task<string> Of(TenantId tenant, LogEntry newest, CancellationToken cancellation)
    {
        var state = await vectors.State(tenant, cancellation);
        if (state.Answering is not { } answering)
            return await Error(tenant) is { } first ? $", without vectors: {first}" : ", without vectors yet";
        var letters = await IfKnown(() => Projection(tenant).DeadLetters(int.MaxValue));
        if (letters?.FirstOrDefault(l => l.Stream == newest.Stream && l.Key == newest.Key) is { } letter)
            return $", not all with vectors: {letter.Reason}";
        var lacking = await vectors.Lacking(tenant, answering, Looked, cancellation);
        var last = lacking.Count == 0 ? 0 : (await index.ChunksOf(tenant, newest.Stream, newest.Key, cancellation)).Select(chunk => chunk.ChunkId).DefaultIfEmpty().Max();
        if (lacking.Count == 0 || last < lacking[0].ChunkId)
            return $", with vectors of {answering.Model}";
        return $", waiting for vectors of {answering.Model}{(await Error(tenant) is { } error ? $": {error}" : "")}";
    }

    private IProjectionGrain Projection(TenantId tenant) => grains.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, Projections.Vectors));

    private async Task<string?> Error(TenantId tenant) => (await IfKnown(() => Projection(tenant).View()))?.LastError;

    // During an upgrade a silo of a release without vectors may be asked.
    private static async Task<T?> IfKnown<T>(Func<Task<T>> ask) where T : class
    {
        try
        {
            return await ask();
        }
        catch (RefusedException unknown) when (unknown.Code == RefusalCode.NotFound)
        {
            return null;
        }
    }
}
