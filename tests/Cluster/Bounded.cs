using System.Net;

namespace Sophia.Cluster;

/// <summary>Callers who come back when they are told to: while Redis is away, reading is bounded to a rate, and how fast this machine calls decides who meets the bound.</summary>
internal static class Bounded
{
    /// <summary>Whether the answer is such a refusal, which says why and when; by then that time has passed.</summary>
    public static async Task<bool> Waited(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.StatusCode != HttpStatusCode.TooManyRequests || !answer.Headers.Contains("Sophia-Degradation") || answer.Headers.RetryAfter?.Delta is not { } wait)
            return false;
        await Task.Delay(wait, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }
}
