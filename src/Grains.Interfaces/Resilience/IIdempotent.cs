using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Resilience;

/// <summary>Does a piece of work once for each key, whoever asks again and whoever dies. For silos and front ends alike.</summary>
public interface IIdempotent
{
    /// <summary>Does the work, or says what it came to before. Acts for the tenant that the current call acts for.</summary>
    /// <remarks>
    /// While the work goes on its lease is renewed; where that fails because somebody has taken over, <see cref="OnceWork.Lost"/> is cancelled. What the work writes to the log
    /// carries <see cref="OnceWork.OperationId"/> as its once-key: then a crash between the effect and the keeping of its answer is followed by the same answer, and not by a second effect.
    /// </remarks>
    /// <param name="work">Answers null where nothing took effect, or where doing it again comes to the same: then the next caller does it. What it throws is thrown to the caller, and the key is released.</param>
    /// <param name="cancellation">Reaches the work; the key is looked after in any case.</param>
    Task<OnceAnswer> Once(OnceRequest request, Func<OnceWork, Task<IdempotentOutcome?>> work, CancellationToken cancellation);
}

/// <summary>What is to be done once.</summary>
/// <param name="Name">Of the key within the tenant: see <see cref="IdempotencyKey.NameOf"/>.</param>
/// <param name="Fingerprint">What is asked, at most <see cref="IdempotencyLimits.TextLength"/> characters; best a hash of it.</param>
/// <param name="Operation">What people would call it.</param>
/// <param name="Lease">How long its worker may be silent before another takes over.</param>
public sealed record OnceRequest(TenantId Tenant, string Name, string Fingerprint, string Operation, TimeSpan Lease);

/// <summary>What the work is told.</summary>
/// <param name="OperationId">The same for everybody who does this work; goes into the log's once-key and to whom the work asks.</param>
/// <param name="IsTakeover">Whether somebody before may have done a part of it.</param>
/// <param name="Lost">Cancelled where somebody else has taken over, or the caller's own token is.</param>
public sealed record OnceWork(string OperationId, bool IsTakeover, CancellationToken Lost);

/// <summary>How asking for work ended.</summary>
public abstract record OnceAnswer
{
    private OnceAnswer() { }

    /// <param name="Replayed">Whether it was done before; nothing took effect this time.</param>
    public sealed record Done(IdempotentOutcome Outcome, bool Replayed) : OnceAnswer;

    /// <summary>The work said that the next caller may do it.</summary>
    public sealed record Released : OnceAnswer;

    /// <summary>Somebody else is at it.</summary>
    /// <param name="Until">When his lease ends, if he stays silent.</param>
    public sealed record Running(DateTimeOffset Until) : OnceAnswer;

    /// <summary>The key was used for something else.</summary>
    public sealed record Mismatch : OnceAnswer;
}

/// <summary>The short way to ask.</summary>
public static class IdempotentExtensions
{
    /// <summary>Does the work once for a key of the tenant's own; see <see cref="IIdempotent.Once"/>.</summary>
    /// <param name="key">1 to 255 characters, in no caller's scope.</param>
    public static Task<OnceAnswer> Once(this IIdempotent idempotent, TenantId tenant, string key, string fingerprint, TimeSpan lease, Func<OnceWork, Task<IdempotentOutcome?>> work, CancellationToken cancellation = default) =>
        idempotent.Once(new OnceRequest(tenant, IdempotencyKey.NameOf(IdempotencyKey.OfTenant, key), fingerprint, "work of the tenant", lease), work, cancellation);
}
