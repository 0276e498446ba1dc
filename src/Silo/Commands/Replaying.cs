using Sophia.Operations;
using Sophia.Pipelines;

namespace Sophia.Commands;

/// <summary>A replay under way: its pages asked for one after the other and put together. Whoever cancels keeps what was found so far.</summary>
internal sealed class Replaying(Api api, string address, ReplayRequest request)
{
    /// <summary>The most records of one command; a span with more is told to be narrowed.</summary>
    public const long MostRecords = 1_000_000;

    /// <summary>The most differences that are kept.</summary>
    public const int MostShown = 100;

    private readonly SortedDictionary<ReplayOutcome, long> counts = [];
    private readonly List<ReplayDifference> differences = [];
    private long rulesOnly;
    private long? total;
    private string? next;

    public long Looked => counts.Values.Sum();

    public bool IsCancelled { get; private set; }

    /// <summary>All pages so far as one; Next is where it would go on.</summary>
    public ReplayPage Page => new([.. counts.Select(pair => new ReplayCount(pair.Key, pair.Value))], rulesOnly, differences, next, total);

    /// <param name="came">Called after each page.</param>
    public async Task Go(Action? came, CancellationToken cancellation)
    {
        try
        {
            do
            {
                Take(await api.Send(HttpMethod.Post, address, Api.Json(request with { After = next }, EdgeJson.Default.ReplayRequest), EdgeJson.Default.ReplayPage, cancellation));
                came?.Invoke();
            }
            while (next is not null && Looked < MostRecords);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            IsCancelled = true;
        }
    }

    private void Take(ReplayPage page)
    {
        foreach (var count in page.Counts)
            counts[count.Outcome] = counts.GetValueOrDefault(count.Outcome) + count.Records;
        rulesOnly += page.RulesOnly;
        total ??= page.Total;
        next = page.Next;
        differences.AddRange(page.Differences.Take(MostShown - differences.Count));
    }
}
