using Microsoft.Extensions.Options;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Every projection by its name.</summary>
internal sealed class ProjectionFeeds(ILogStore log, IIndexStore index, IVectorStore vectors, IGrainFactory grains, IOptions<ProjectionOptions> options, TimeProvider time)
{
    /// <exception cref="RefusedException">NotFound: there is no such projection.</exception>
    public IProjectionFeed Open(TenantKey key, Func<ProjectionDeadLetter, Task> putAside) => key switch
    {
        { Name: Projections.Index, Part: null } => new IndexFeed(key.Tenant, log, grains.GetGrain<IChunkingGrain>(TenantKey.Of(key.Tenant, "chunking")).Chunk, index, options.Value, time, putAside),
        { Name: Projections.Vectors, Part: null } => new VectorFeed(key.Tenant, index, vectors, new GrainEmbedder(key.Tenant, grains), options.Value, time, putAside),
        _ => throw new RefusedException(RefusalCode.NotFound, $"There is no projection \"{key.Name}\"."),
    };
}
