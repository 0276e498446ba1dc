using System.Net;
using System.Text.Json;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Sends a request that was refused by a limit again when its Retry-After is over, and the ones after it more slowly, so that a command which looks again and again lives with whatever its key may ask.</summary>
/// <remarks>Each refusal doubles the pause between requests, from <see cref="FirstPause"/> to <see cref="LongestPause"/>: whoever is refused at every look would end banned. A request that was refused did nothing, so it may be sent again whatever it is.</remarks>
/// <param name="say">Told in one line why nothing happens.</param>
internal sealed class WaitsAsTold(HttpMessageHandler inner, TimeProvider time, Action<string> say) : DelegatingHandler(inner)
{
    /// <summary>How long one request is waited for in all before its refusal is told: 2 minutes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Between two requests after the first refusal: 500 ms.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two requests at most: 30 s.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Waits that are said one by one; of shorter ones the first: 5 s.</summary>
    private static readonly TimeSpan SaidFrom = TimeSpan.FromSeconds(5);

    private TimeSpan pause;
    private long sentAt;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (pause > TimeSpan.Zero && pause - time.GetElapsedTime(sentAt) is var early && early > TimeSpan.Zero)
            await Task.Delay(early, time, cancellationToken);
        for (var waited = TimeSpan.Zero; ;)
        {
            sentAt = time.GetTimestamp();
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.TooManyRequests || answer.Headers.RetryAfter?.Delta is not { } told || waited + told > Patience)
                return answer;
            using (answer)
                Say(told, await Limit(answer, cancellationToken));
            pause = pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            waited += told;
            await Task.Delay(told, time, cancellationToken);
        }
    }

    private void Say(TimeSpan told, string? limit)
    {
        if (pause == TimeSpan.Zero || told >= SaidFrom)
            say($"{(limit is null ? "Too much was asked" : $"The limit \"{Show.OneLine(limit)}\" lets no more through now")}: going on in {told.TotalSeconds:0} s, and more slowly.");
    }

    private static async Task<string?> Limit(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(cancellation), EdgeJson.Default.Problem)?.ViolatedPolicies is [var first, ..] ? first : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
