using System.Collections.Concurrent;

namespace Sophia.Security;

/// <summary>The requests under way and who sent them: an event stream or a hub's connection is one that lasts.</summary>
internal sealed class OpenRequests
{
    private readonly ConcurrentDictionary<Entry, Caller> open = new();

    /// <summary>The callers that have requests open, each key once.</summary>
    public IReadOnlyList<Caller> Callers => [.. open.Values.DistinctBy(caller => (caller.Tenant, caller.KeyId))];

    /// <summary>Counts a request as open until the answer is disposed.</summary>
    public IDisposable Enter(HttpContext request, Caller caller)
    {
        var entry = new Entry(open, request);
        open[entry] = caller;
        return entry;
    }

    /// <summary>Ends what a key has open.</summary>
    /// <param name="but">The request that goes on: the one that revoked its own key still gets its answer.</param>
    public void Abort(Caller of, HttpContext? but = null)
    {
        foreach (var (entry, caller) in open)
            if (caller.Tenant == of.Tenant && caller.KeyId == of.KeyId)
                entry.Abort(but);
    }

    private sealed class Entry(ConcurrentDictionary<Entry, Caller> open, HttpContext request) : IDisposable
    {
        private bool over;

        // The server uses the same object for the next request: one that is over is let alone.
        public void Abort(HttpContext? but)
        {
            lock (this)
                if (!over && request != but)
                    request.Abort();
        }

        public void Dispose()
        {
            lock (this)
                over = true;
            open.TryRemove(this, out _);
        }
    }
}
