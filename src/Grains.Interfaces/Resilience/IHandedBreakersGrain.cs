using Sophia.Operations;

namespace Sophia.Resilience;

/// <summary>Asks a tenant's own breakers for programs that are no part of Sophia, and keeps the permits that they were given. The key is the tenant.</summary>
/// <remarks>Programs name their breakers <see cref="HandedBreakers.Prefix"/>NAME: they report nothing on what Sophia itself guards. Permits are kept in memory: one whose silo died is as one that nobody reported on.</remarks>
[Alias("Sophia.IHandedBreakersGrain")]
public interface IHandedBreakersGrain : IGrainWithStringKey
{
    /// <summary>Lets a call through, or says why not; waits at most a few seconds where the breaker is being tried out.</summary>
    /// <exception cref="RefusedException">Invalid: the name is none of a program's breaker. Conflict: the tenant has as many breakers of programs as it may. Busy: it holds as many permits as it may.</exception>
    [Alias("Enter")]
    Task<HandedEntry> Enter(string dependency, CancellationToken cancellation);

    /// <summary>How the call went. False: there is no such permit, or no longer; nothing was counted.</summary>
    /// <param name="took">How long the call took; null: since the permit was given.</param>
    [Alias("Report")]
    Task<bool> Report(string dependency, long permit, CallOutcome outcome, TimeSpan? took);
}

/// <param name="Permit">To be reported on; null: refused.</param>
/// <param name="KeptUntil">After that it can no longer be reported on.</param>
/// <param name="Reason">Why it was refused; null: it was not.</param>
/// <param name="Because">The same in a sentence.</param>
/// <param name="RetryAt">When asking again may help; no promise.</param>
[GenerateSerializer, Immutable, Alias("Sophia.HandedEntry")]
public sealed record HandedEntry([property: Id(0)] long? Permit, [property: Id(1)] DateTimeOffset? KeptUntil, [property: Id(2)] BreakerRefusalReason? Reason, [property: Id(3)] string? Because, [property: Id(4)] DateTimeOffset? RetryAt);

/// <summary>Bounds of breakers that programs ask.</summary>
public static class HandedBreakers
{
    /// <summary>What every such breaker's name begins with.</summary>
    public const string Prefix = "app-";

    /// <summary>The longest name with its prefix, in characters of a to z, 0 to 9 and '-'.</summary>
    public const int MostCharacters = 64;

    /// <summary>Breakers of programs that one tenant may have.</summary>
    public const int MostBreakers = 100;

    /// <summary>Permits of one tenant that wait for their report.</summary>
    public const int MostPermits = 10_000;

    /// <summary>How long a permit can be reported on.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(10);

    public static bool IsName(string dependency) => dependency.Length > Prefix.Length && dependency.Length <= MostCharacters && dependency.StartsWith(Prefix, StringComparison.Ordinal)
        && dependency.AsSpan().IndexOfAnyExcept(Characters) < 0;

    private static readonly System.Buffers.SearchValues<char> Characters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
}
