using System.Globalization;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>The tables of a tenant's streams that were asked for last, kept up with the log.</summary>
internal sealed class StreamTables(TenantId tenant, ILogStore log, TimeProvider time)
{
    /// <summary>Tables held at once; the one asked for longest ago makes room.</summary>
    public const int MaxTables = 12;

    /// <summary>How long one call reads before it says Busy and goes on at the next.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int PageRows = 2_000;
    private const int PageBytes = 4 * 1024 * 1024;

    private readonly List<StreamTable> tables = [];

    /// <summary>The tables of these streams as the log stands now, read together.</summary>
    /// <exception cref="RefusedException">Busy: the log is long, and is read on at the next call.</exception>
    public async Task<IReadOnlyList<StreamTable>> Of(IReadOnlyList<string> streams)
    {
        var asked = streams.Distinct(StringComparer.Ordinal).Take(MaxTables).Select(Open).ToArray();
        var byStream = asked.ToDictionary(table => table.Stream, StringComparer.Ordinal);
        var began = time.GetTimestamp();
        var at = asked.Length == 0 ? 0 : asked.Min(table => table.Position);
        while (await log.Read(tenant, at, PageRows, PageBytes, default) is { Count: > 0 } page)
        {
            foreach (var entry in page)
                if (byStream.TryGetValue(entry.Stream, out var table) && table.Position < entry.Position)
                    table.Take(entry);
            at = page[^1].Position;
            foreach (var table in asked)
                table.Passed(at);
            if (time.GetElapsedTime(began) > Patience)
                throw new RefusedException(RefusalCode.Busy, string.Create(CultureInfo.InvariantCulture, $"The log is being read for the first time, and has come to row {at}. Ask again: it goes on from there."), retryAt: time.GetUtcNow());
        }
        return asked;
    }

    private StreamTable Open(string stream)
    {
        var known = tables.Find(table => table.Stream == stream) ?? new StreamTable(stream);
        tables.Remove(known);
        tables.Add(known);
        if (tables.Count > MaxTables)
            tables.RemoveAt(0);
        return known;
    }
}
