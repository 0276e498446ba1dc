using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Explains further than the log can: whether a stored record is searchable, and what it waits for.</summary>
internal sealed class IndexExplainer(LogExplainer log, ILogStore entries, IIndexStore index, VectorExplainer vectors, IGrainFactory grains) : IRecordExplainer
{
    public async Task<WhyView> Explain(TenantId tenant, string id, CancellationToken cancellation)
    {
        var (view, newest) = await log.Look(tenant, id, cancellation);
        if (newest is null || newest.Type != EntryType.Record)
            return view;
        var cursor = await index.Cursor(tenant, cancellation);
        if (cursor.Position < newest.Position)
            return Waiting(view, cursor, await entries.Head(tenant, cancellation), (await Projection(tenant).View()).LastError);
        var state = await index.StateOf(tenant, newest.Stream, newest.Key, cancellation);
        if (state is { Chunks: > 0 })
            return Then(view, "searchable", state.IndexedAt, $"version {state.Version} as {state.Chunks} passage{(state.Chunks == 1 ? "" : "s")}{await vectors.Of(tenant, newest, cancellation)}", $"Version {state.Version} is found by search.");
        if (newest.Operation == RecordOperation.Delete)
            return Then(view, "deleted", state?.IndexedAt, "left the index", "It was deleted at its source and is not found any more; its versions stay in the log.");
        var letter = (await Projection(tenant).DeadLetters(int.MaxValue)).FirstOrDefault(l => l.Stream == newest.Stream && l.Key == newest.Key);
        return letter is null
            ? view with { Explanation = "It is in the log; there is no text in it to search." }
            : Then(view, "dead letter", letter.At, letter.Reason, "It is in the log, but could not be indexed; rebuild the index once the reason is gone.");
    }

    private IProjectionGrain Projection(TenantId tenant) => grains.GetGrain<IProjectionGrain>(TenantKey.Of(tenant, Projections.Index));

    private static WhyView Waiting(WhyView view, IndexCursor cursor, long head, string? error) => view.WaitingFor is not null
        ? view
        : view with { WaitingFor = $"the index, which is at {cursor.Position} of {head}", Explanation = $"It is in the log and not searchable yet.{(error is null ? "" : " " + error)}" };

    // Who waits for a person goes on waiting, whatever an earlier version is.
    private static WhyView Then(WhyView view, string stage, DateTimeOffset? since, string detail, string explanation)
    {
        var steps = view.Steps.Append(new WhyStep(stage, since, detail)).ToArray();
        return view.WaitingFor is not null ? view with { Steps = steps } : view with { Stage = stage, Since = since, Explanation = explanation, Steps = steps };
    }
}
