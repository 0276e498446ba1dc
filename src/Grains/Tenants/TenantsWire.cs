using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Resilience;

namespace Sophia.Tenants;

/// <summary>What a process goes by, as it is written.</summary>
internal sealed record WrittenTenants(long Version, IReadOnlyList<WrittenSuspension> Suspended, IReadOnlyList<WrittenErasure> Erased);

internal sealed record WrittenSuspension(string Tenant, string Because, bool Ended);

/// <param name="Version">At which the last of its records were erased.</param>
internal sealed record WrittenErasure(string Tenant, long Version);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(WrittenTenants))]
internal sealed partial class TenantsJson : JsonSerializerContext;

/// <summary>Who is suspended or deleted as a kind of truth: one key, which every process keeps at all times.</summary>
internal sealed class TenantsKind : ReplicaKind<TenantSuspensions>
{
    public const string Kind = "tenants";

    public static TenantsKind Singleton { get; } = new();

    public override string Name => Kind;

    /// <summary>Under half of <see cref="ITenantGate.HoldsWithin"/>: a push that is lost is made good within it.</summary>
    public override TimeSpan ExchangeEvery => TimeSpan.FromSeconds(2);

    public override bool IsAlwaysKept => true;

    public override IReplicatedGrain Truth(IGrainFactory grains, string key) => grains.GetGrain<ITenantDirectoryGrain>(key);

    public override TenantSuspensions Read(byte[] bytes)
    {
        var read = JsonSerializer.Deserialize(bytes, TenantsJson.Default.WrittenTenants) ?? throw new JsonException("null");
        return new TenantSuspensions(read.Version, [.. read.Suspended.Select(one => new TenantSuspension(TenantId.Parse(one.Tenant), one.Because, one.Ended))],
            [.. read.Erased.Select(one => new TenantForgotten(TenantId.Parse(one.Tenant), one.Version))]);
    }

    public static byte[] Write(TenantSuspensions told) => JsonSerializer.SerializeToUtf8Bytes(new WrittenTenants(told.Version,
        [.. told.Tenants.Select(one => new WrittenSuspension(one.Tenant.Value, one.Because, one.Ended))],
        [.. (told.Forgotten ?? []).Select(one => new WrittenErasure(one.Tenant.Value, one.Version))]), TenantsJson.Default.WrittenTenants);
}
