using System.Globalization;
using Sophia.Operations;

namespace Sophia.Tenants;

/// <summary>What may happen to a tenant that is to be deleted. Pure.</summary>
internal static class TenantEndRules
{
    /// <summary>Why a tenant is suspended whose deletion was taken back.</summary>
    public const string TakenBack = "its deletion was taken back; it waits to be resumed";

    /// <summary>Why a tenant is suspended that is to be deleted.</summary>
    public static string WillBeDeleted(DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"it will be deleted on {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC");

    /// <exception cref="RefusedException">Conflict: it is deleted already.</exception>
    public static TenantEndState Schedule(TenantEndState state, bool immediately, string by, DateTimeOffset now, TimeSpan grace) => state.Phase switch
    {
        null => new TenantEndState { Phase = TenantEndPhase.Scheduled, RequestedAt = now, DeletesAt = immediately ? now : now + grace, By = by, Earlier = state.Earlier },
        TenantEndPhase.Scheduled when immediately && state.DeletesAt > now => state with { DeletesAt = now, By = by },
        TenantEndPhase.Deleted => throw new RefusedException(RefusalCode.Conflict, "This tenant is deleted."),
        _ => state,
    };

    /// <summary>Before the tenant is told that it will be deleted, which is not wanted yet.</summary>
    public static TenantEndState Tells(TenantEndState state) => state.Phase is null && !state.IsUnsaid ? state with { IsUnsaid = true } : state;

    /// <summary>The tenant's suspension says what is so.</summary>
    public static TenantEndState Said(TenantEndState state) => state.IsUnsaid ? state with { IsUnsaid = false } : state;

    /// <summary>Without the deletion; the same state where it was taken back before and somebody may not know of it yet.</summary>
    /// <param name="told">Why the tenant is suspended, asked where no deletion is wanted; null: it is not.</param>
    /// <exception cref="RefusedException">NotFound: no deletion is wanted. Conflict: it has begun.</exception>
    public static TenantEndState Keep(TenantEndState state, string? told) => state.Phase switch
    {
        null when told == TakenBack || (state.IsUnsaid && told is not null) => state,
        null => throw new RefusedException(RefusalCode.NotFound, "No deletion of this tenant is on its way."),
        TenantEndPhase.Scheduled => new TenantEndState { Earlier = state.Earlier, IsUnsaid = true },
        TenantEndPhase.Deleted => throw new RefusedException(RefusalCode.Conflict, "This tenant is deleted."),
        _ => throw new RefusedException(RefusalCode.Conflict, "The deletion has begun and cannot be taken back."),
    };

    /// <exception cref="RefusedException">Conflict: the deletion is not over.</exception>
    public static TenantEndState Free(TenantEndState state, TenantId tenant) => state.Phase switch
    {
        null => state,
        TenantEndPhase.Deleted => new TenantEndState { Earlier = [.. state.Earlier, View(state, tenant, null)!] },
        _ => throw new RefusedException(RefusalCode.Conflict, "The deletion of the tenant that has this name is not over."),
    };

    /// <summary>How long until the next step may be done: zero or less for now, null where there is none.</summary>
    public static TimeSpan? Wait(TenantEndState state, DateTimeOffset now, TimeSpan closeFor) => state.Phase switch
    {
        null or TenantEndPhase.Deleted => null,
        TenantEndPhase.Scheduled => state.DeletesAt - now,
        TenantEndPhase.Closing => state.ClosedAt is { } closed ? closed + closeFor - now : TimeSpan.Zero,
        _ => TimeSpan.Zero,
    };

    /// <summary>Something is left, or came to be while it was erased: everything once more.</summary>
    public static TenantEndState Again(TenantEndState state) => state with { Phase = TenantEndPhase.Clearing, Erased = [] };

    public static TenantEndView? View(TenantEndState state, TenantId tenant, string? trouble) => state.Phase is not { } phase ? null
        : new TenantEndView(tenant, phase, state.RequestedAt, state.DeletesAt, state.By, state.Counts, state.Erased, state.DeletedAt, trouble);
}
