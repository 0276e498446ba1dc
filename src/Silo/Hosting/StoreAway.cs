using Npgsql;
using Serilog.Events;
using Sophia.Log;
using Sophia.Operations;

namespace Sophia.Hosting;

/// <summary>Keeps the log readable while a store does not answer: of each kind of line one a minute is shown, with the reason in place of the stack, and how many were left out.</summary>
/// <remarks>At level debug nothing is left out. Everything that failed for another reason keeps its stack.</remarks>
internal sealed class StoreAway
{
    public static readonly TimeSpan SaidEvery = TimeSpan.FromMinutes(1);

    private readonly Lock guard = new();
    private readonly Dictionary<string, (DateTimeOffset SaidAt, long LeftOut)> kinds = new(StringComparer.Ordinal);

    /// <summary>Why a store is away, where that is what the line is about; null: it is about something else.</summary>
    public static string? ReasonOf(Exception? failure) => failure switch
    {
        null => null,
        StorageException { Fault: StorageFault.Unreachable } away => away.Message,
        RefusedException { Code: RefusalCode.Unavailable } refused => refused.Message, // What a store's failure is to callers of a grain.
        PostgresException refused => refused.SqlState.StartsWith("57P", StringComparison.Ordinal) || refused.SqlState.StartsWith("08", StringComparison.Ordinal) ? refused.MessageText : null,
        NpgsqlException away => (away.InnerException ?? away).Message,
        AggregateException { InnerExceptions: [var first, ..] } => ReasonOf(first),
        _ => ReasonOf(failure.InnerException),
    };

    public bool Hides(LogEvent line)
    {
        if (ReasonOf(line.Exception) is null)
            return false;
        lock (guard)
        {
            var known = kinds.TryGetValue(line.MessageTemplate.Text, out var kind);
            if (!known || line.Timestamp - kind.SaidAt >= SaidEvery)
                return false;
            kinds[line.MessageTemplate.Text] = kind with { LeftOut = kind.LeftOut + 1 };
            return true;
        }
    }

    /// <summary>How many lines of its kind were left out before one that is shown.</summary>
    public long Shown(LogEvent line)
    {
        lock (guard)
        {
            var before = kinds.GetValueOrDefault(line.MessageTemplate.Text).LeftOut;
            kinds[line.MessageTemplate.Text] = (line.Timestamp, 0);
            return before;
        }
    }
}
