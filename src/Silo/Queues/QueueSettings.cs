using System.Globalization;
using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Pipelines;

namespace Sophia.Queues;

/// <summary>What the environment says of the work queue: SOPHIA_QUEUE, a list like places=32,runs=8,lease=90s. Each option as <see cref="QueueOptions"/> describes it.</summary>
internal static class QueueSettings
{
    private static readonly Dictionary<string, Action<QueueOptions, int>> Numbers = new(StringComparer.Ordinal)
    {
        ["places"] = static (options, value) => options.Places = value,
        ["run-places"] = static (options, value) => options.RunPlaces = value,
        ["depth"] = static (options, value) => options.MaxDepth = value,
        ["tenant-depth"] = static (options, value) => options.MaxTenantDepth = value,
        ["leased"] = static (options, value) => options.MaxLeased = value,
        ["runs"] = static (options, value) => options.MaxRuns = value,
        ["lapses"] = static (options, value) => options.MaxLapses = value,
        ["quantum"] = static (options, value) => options.Quantum = value,
    };

    private static readonly Dictionary<string, Action<QueueOptions, TimeSpan>> Times = new(StringComparer.Ordinal)
    {
        ["lease"] = static (options, value) => options.LeaseFor = value,
        ["attempt"] = static (options, value) => options.AttemptFor = value,
        ["retry"] = static (options, value) => options.RetryAfter = value,
        ["longest-retry"] = static (options, value) => options.RetryAtMost = value,
        ["done"] = static (options, value) => options.DoneFor = value,
        ["offer"] = static (options, value) => options.OfferEvery = value,
    };

    /// <exception cref="StartRefusedException">The value cannot be meant.</exception>
    public static void Read(QueueOptions options, Func<string, string?> variable)
    {
        foreach (var text in Settings.List(variable("SOPHIA_QUEUE")))
        {
            var (name, value) = text.Split('=', 2) is [var left, var right] ? (left.Trim(), right.Trim()) : (text, "");
            if (Numbers.TryGetValue(name, out var number) && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                number(options, count);
            else if (Times.TryGetValue(name, out var time) && Durations.TryParse(value, out var span))
                time(options, span);
            else
                throw new StartRefusedException($"SOPHIA_QUEUE: \"{text}\" is none of {string.Join(", ", Numbers.Keys)} (numbers) and {string.Join(", ", Times.Keys)} (durations), like places=32,lease=90s.");
        }
        if (!options.IsInRange)
            throw new StartRefusedException("SOPHIA_QUEUE: a value is out of its range (docs/adr/0030).");
    }
}
