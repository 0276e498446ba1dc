using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Where a connector's own changes of its configuration are kept (a rotated token): durable when the call returns, encrypted, by source.</summary>
public interface IConnectorMemory
{
    Task<string?> Recall(string tenant, string pipeline, string source);

    Task Keep(string tenant, string pipeline, string source, string configuration);
}

/// <summary>Keeps them with the pipeline's connector grain.</summary>
internal sealed class ConnectorMemory(IGrainFactory grains, ISecretBox box, TimeProvider time) : IConnectorMemory
{
    public async Task<string?> Recall(string tenant, string pipeline, string source)
    {
        if (await Of(tenant, pipeline).Configuration(source) is not { } kept)
            return null;
        return box.Open(kept.Sealed, Purpose(tenant, pipeline, source))
            ?? throw new SourceException($"{source}: the configuration that its connector asked to keep cannot be decrypted: the key is another one than then. Restore the key, or state the source's configuration anew.", transient: false);
    }

    public Task Keep(string tenant, string pipeline, string source, string configuration) =>
        Of(tenant, pipeline).KeepConfiguration(source, new KeptConfiguration(box.Seal(configuration, Purpose(tenant, pipeline, source)), time.GetUtcNow()));

    private IConnectorGrain Of(string tenant, string pipeline) => grains.GetGrain<IConnectorGrain>(TenantKey.Of(TenantId.Parse(tenant), pipeline));

    private static string Purpose(string tenant, string pipeline, string source) => $"connector/{tenant}/{pipeline}/{source}";
}
