namespace Sophia.Tenants;

/// <summary>Deletes one tenant, in steps that go on by themselves after a crash, and remembers that it was. Only the system may; the key is <see cref="TenantEnd.KeyOf"/>.</summary>
[Alias("Sophia.ITenantEndGrain")]
public interface ITenantEndGrain : IGrainWithStringKey
{
    /// <summary>Suspends the tenant and has everything of it deleted when the grace is over; <paramref name="now"/>: at once, also where a grace runs already. Idempotent.</summary>
    /// <param name="by">Who wants it; the tombstone keeps it.</param>
    /// <exception cref="Operations.RefusedException">NotFound: there is no such tenant. Conflict: it is deleted already.</exception>
    [Alias("Delete")]
    Task<TenantEndView> Delete(bool now, string by);

    /// <summary>Takes a deletion back within the grace. The tenant stays suspended until it is resumed.</summary>
    /// <exception cref="Operations.RefusedException">NotFound: no deletion is on its way. Conflict: it has begun.</exception>
    [Alias("Keep")]
    Task Keep(string by);

    /// <summary>How far a deletion is, or the tombstone; null where there is neither.</summary>
    [Alias("View"), Repeatable, ResponseTimeout(RepeatableAttribute.Quick)]
    Task<TenantEndView?> View();

    /// <summary>Lets the name of a deleted tenant be taken again. The tombstone stays, as an earlier one.</summary>
    /// <exception cref="Operations.RefusedException">Conflict: the deletion is not over.</exception>
    [Alias("Free")]
    Task Free(string by);
}

/// <summary>The keys of <see cref="ITenantEndGrain"/>.</summary>
public static class TenantEnd
{
    private const string Name = "ending";

    public static string KeyOf(TenantId tenant) => TenantKey.Of(TenantId.Parse(TenantKey.System), Name, tenant.Value);

    /// <summary>The tenant that a key is about, or null where it is no such key.</summary>
    public static TenantId? Of(string key) =>
        TenantKey.TryParse(key, out var parsed) && parsed is { Tenant.Value: TenantKey.System, Name: Name, Part: { } part } ? TenantId.Parse(part) : null;
}

/// <summary>Scheduled: the grace runs. Closing: its doors close in every process. Clearing: nothing wakes its grains any more, and they end. Counting, Erasing: place by place.
/// Checking: is anything left? Deleted: nothing is, and the name stays taken.</summary>
public enum TenantEndPhase
{
    Scheduled = 1,
    Closing = 2,
    Clearing = 3,
    Counting = 4,
    Erasing = 5,
    Checking = 6,
    Deleted = 7,
}

/// <param name="DeletesAt">When the grace ends or ended.</param>
/// <param name="By">Who wanted it.</param>
/// <param name="Counts">What there was, by what it is and where it lay, counted before it was erased.</param>
/// <param name="Erased">The places that are empty by now, in order.</param>
/// <param name="DeletedAt">When nothing was left; null: not yet.</param>
/// <param name="Trouble">Why the last step failed; it is tried again.</param>
[GenerateSerializer, Immutable, Alias("Sophia.TenantEndView")]
public sealed record TenantEndView(
    [property: Id(0)] TenantId Tenant,
    [property: Id(1)] TenantEndPhase Phase,
    [property: Id(2)] DateTimeOffset RequestedAt,
    [property: Id(3)] DateTimeOffset DeletesAt,
    [property: Id(4)] string By,
    [property: Id(5)] IReadOnlyList<TenantEndCount> Counts,
    [property: Id(6)] IReadOnlyList<string> Erased,
    [property: Id(7)] DateTimeOffset? DeletedAt,
    [property: Id(8)] string? Trouble);

[GenerateSerializer, Immutable, Alias("Sophia.TenantEndCount")]
public sealed record TenantEndCount([property: Id(0)] string What, [property: Id(1)] long Count);

/// <summary>A name that a deleted tenant had.</summary>
[GenerateSerializer, Immutable, Alias("Sophia.TenantTombstone")]
public sealed record TenantTombstone([property: Id(0)] TenantId Tenant, [property: Id(1)] DateTimeOffset DeletedAt);
