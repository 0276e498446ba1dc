using System.Runtime.CompilerServices;
using Sophia.Pipelines;

namespace Sophia.Chat;

/// <summary>The newest runs of a tenant, each again when it changed.</summary>
internal sealed class RunFeed(IGrainFactory grains, TimeProvider time)
{
    public async IAsyncEnumerable<RunView> Read(TenantId tenant, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var seen = new Dictionary<string, RunView>(StringComparer.Ordinal);
        while (true)
        {
            IReadOnlyList<RunView> runs;
            using (CallerContext.For(tenant))
                runs = await grains.NewestRuns(tenant, ChatEdgeLimits.RunsWatched);
            var changed = runs.Where(r => !seen.TryGetValue(r.RunId, out var before) || before != r).OrderBy(r => r.UpdatedAt).ToList();
            seen = runs.ToDictionary(r => r.RunId, StringComparer.Ordinal);
            foreach (var run in changed)
                yield return run;
            await Task.Delay(ChatEdgeLimits.RunsEvery, time, cancellation);
        }
    }
}
