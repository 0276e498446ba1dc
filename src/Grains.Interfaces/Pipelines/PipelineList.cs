using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Lists a tenant's pipelines.</summary>
/// <remarks>Whoever wants the list asks each pipeline himself: a directory that waited for a pipeline would keep out the pipeline that enters or leaves it, and each would wait for the other.</remarks>
public static class PipelineList
{
    /// <summary>The pipelines that are defined, in ordinal order of their names.</summary>
    public static async Task<IReadOnlyList<PipelineView>> Pipelines(this IGrainFactory grains, TenantId tenant)
    {
        var names = await grains.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(tenant)).Names();
        var views = await Task.WhenAll(names.Select(name => grains.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, name)).View()));
        return [.. views.OfType<PipelineView>()];
    }
}
