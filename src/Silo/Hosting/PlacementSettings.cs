using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Hosting;

/// <summary>Where grains live, as the environment says. It must be the same for all silos of a cluster.</summary>
public sealed record PlacementSettings
{
    /// <summary>The label of silos that embed and chunk. SOPHIA_GPU_LABEL; default gpu=gh200.</summary>
    public SiloLabel Gpu { get; init; } = new("gpu", "gh200");

    /// <summary>What embedding and chunking do without such a silo. SOPHIA_GPU_PLACEMENT: wait or prefer; null: wait in a cluster with an embedding model, else prefer.</summary>
    public GpuPolicy? GpuPolicy { get; init; }

    /// <summary>Tenants and the pools of silos that their grains live on. SOPHIA_TENANT_POOLS, as acme=x,globex=y; default none.</summary>
    public IReadOnlyDictionary<TenantId, string> Pools { get; init; } = new Dictionary<TenantId, string>();

    /// <exception cref="StartRefusedException">A value cannot be meant.</exception>
    public static PlacementSettings Read(Func<string, string?> variable) => new()
    {
        Gpu = variable("SOPHIA_GPU_LABEL") is { Length: > 0 } label ? Understood("SOPHIA_GPU_LABEL", () => SiloLabel.Parse(label)) : new("gpu", "gh200"),
        GpuPolicy = variable("SOPHIA_GPU_PLACEMENT") switch
        {
            null or "" => null,
            "wait" => Operations.GpuPolicy.Wait,
            "prefer" => Operations.GpuPolicy.Prefer,
            var other => throw new StartRefusedException($"SOPHIA_GPU_PLACEMENT is wait or prefer; \"{other}\" is not."),
        },
        Pools = Understood("SOPHIA_TENANT_POOLS", () => (variable("SOPHIA_TENANT_POOLS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(SiloLabel.Parse).ToDictionary(pool => TenantId.Parse(pool.Name), pool => pool.Value)),
    };

    /// <summary>What of it the grains' placement wants to know.</summary>
    internal void Write(PlacementOptions placement, bool isCluster, bool hasEmbeddingModel)
    {
        placement.Gpu = Gpu;
        placement.GpuPolicy = GpuPolicy ?? (isCluster && hasEmbeddingModel ? Operations.GpuPolicy.Wait : Operations.GpuPolicy.Prefer);
        placement.Pools = Pools;
    }

    private static T Understood<T>(string variable, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException)
        {
            throw new StartRefusedException($"{variable}: {wrong.Message}", wrong);
        }
    }
}
