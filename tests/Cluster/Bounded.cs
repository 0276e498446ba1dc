using System.Net;

namespace Sophia.Cluster;

/// <summary>Callers who wait as long as it takes and come back when they are told to: how fast this machine calls, and how slow it answers, decides who meets a bound.</summary>
internal static class Bounded
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Makes its calls wait so long for an answer, and says so with each.</summary>
    public static HttpClient Waits(HttpClient client)
    {
        client.Timeout = Patience;
        client.DefaultRequestHeaders.Add("Sophia-Timeout", FormattableString.Invariant($"{Patience.TotalSeconds:0}s"));
        return client;
    }

    /// <summary>Whether the answer is a refusal of a bound, which says when to come back; by then that time has passed.</summary>
    public static async Task<bool> Waited(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.StatusCode != HttpStatusCode.TooManyRequests || answer.Headers.RetryAfter?.Delta is not { } wait)
            return false;
        await Task.Delay(wait, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }
}
