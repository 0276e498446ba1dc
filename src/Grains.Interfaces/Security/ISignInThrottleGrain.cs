namespace Sophia.Security;

/// <summary>Counts wrong keys and sign-in codes of one address, or against one tenant. The key is "system/sign-in/name"; <see cref="ThrottleKey"/> makes it.</summary>
[Alias("Sophia.ISignInThrottleGrain")]
public interface ISignInThrottleGrain : IGrainWithStringKey
{
    /// <summary>Whether tries are refused now. Changes nothing.</summary>
    [Alias("View"), ResponseTimeout(ThrottleKey.Patience)]
    Task<ThrottleView> View();

    /// <summary>Counts one wrong try.</summary>
    [Alias("Wrong"), ResponseTimeout(ThrottleKey.Patience)]
    Task<ThrottleView> Wrong();
}

/// <param name="RefusedUntil">Until then further tries are refused unlooked at; null where they are not.</param>
[GenerateSerializer, Immutable, Alias("Sophia.ThrottleView")]
public sealed record ThrottleView([property: Id(0)] DateTimeOffset? RefusedUntil);
