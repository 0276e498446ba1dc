using System.Globalization;
using System.Text;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>What holds for items: what may be taken, who goes first, what becomes of a failure. Pure.</summary>
internal static class WorkRules
{
    /// <summary>What one step of priority is worth in waiting: 30 s. Part of the meaning of stored ranks: never changed.</summary>
    public static readonly TimeSpan PriorityStep = TimeSpan.FromSeconds(30);

    /// <summary>Chance that lengthens or shortens the wait before an attempt: up to 20 % of it.</summary>
    public const double Jitter = 0.2;

    /// <summary>Said of an item whose worker fell silent.</summary>
    public const string Lapsed = "Its lease ended without a word: the worker went away, or hung.";

    /// <exception cref="RefusedException">Invalid, TooLarge: an item breaks a limit.</exception>
    public static void Check(IReadOnlyList<NewWork> items)
    {
        if (items.Count is < 1 or > WorkLimits.MaxAtOnce)
            throw new RefusedException(RefusalCode.Invalid, $"1 to {WorkLimits.MaxAtOnce} items at a time.");
        for (var i = 0; i < items.Count; i++)
            if (Objection(items[i]) is { } objection)
                throw new RefusedException(objection.Code, $"{(items.Count == 1 ? "" : $"Item {i + 1}: ")}{objection.Said}");
    }

    public static void CheckQueue(string? queue)
    {
        if (!TenantId.IsName(queue))
            throw new RefusedException(RefusalCode.Invalid, "queue is 1 to 63 of a-z, 0-9 and '-'.");
    }

    /// <summary>By what items go: the moment when one was due, less what its priority is worth. Never changes, so waiting counts without an end.</summary>
    public static DateTimeOffset Rank(DateTimeOffset due, int priority) => due - priority * PriorityStep;

    public static string OnceKey(string queue, long id, long? replay) => string.Create(CultureInfo.InvariantCulture, $"work/{queue}/{id}/{replay ?? 0}");

    /// <summary>What becomes of an item after a worker said how it ended.</summary>
    /// <param name="chance">0 to 1, drawn by the caller.</param>
    public static ItemEnd After(WorkResult result, HeldWork held, QueueOptions options, double chance, DateTimeOffset now) => result.End switch
    {
        WorkEnd.Done => new ItemEnd.Done(),
        WorkEnd.Rejected => new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Rejected, Clip(result.Error)),
        WorkEnd.Continued => new ItemEnd.Again(now, null, Anew: true),
        WorkEnd.GivenBack => new ItemEnd.Again(now, Clip(result.Error), Counts: false),
        _ when held.Attempts >= held.MaxAttempts => new ItemEnd.GivenUp(WorkState.Dead, result.End == WorkEnd.NoHandler ? WorkCause.NoHandler : WorkCause.Failed, Clip(result.Error)),
        _ => new ItemEnd.Again(now + Wait(held.Attempts, options, chance), Clip(result.Error)),
    };

    /// <summary>What becomes of an item whose lease ended without a word.</summary>
    public static ItemEnd AfterLapse(HeldWork held, QueueOptions options, double chance, DateTimeOffset now)
    {
        return held.Lapses + 1 >= options.MaxLapses || held.IsReplayed
            ? new ItemEnd.GivenUp(WorkState.Quarantined, WorkCause.Lapsed, Lapsed)
            : held.Attempts >= held.MaxAttempts
                ? new ItemEnd.GivenUp(WorkState.Dead, WorkCause.Lapsed, Lapsed)
                : new ItemEnd.Again(now + Wait(held.Attempts, options, chance), Lapsed, Lapsed: true);
    }

    /// <summary>The wait before the next attempt, after so many.</summary>
    public static TimeSpan Wait(int attempts, QueueOptions options, double chance)
    {
        var doubled = options.RetryAfter.Ticks * Math.Pow(2, Math.Clamp(attempts - 1, 0, 40));
        return TimeSpan.FromTicks((long)(Math.Min(doubled, options.RetryAtMost.Ticks) * (1 + Jitter * (2 * chance - 1))));
    }

    /// <summary>When a full queue has room for a tenth of its bound, at the rate at which it lets go; between 1 s and 60 s.</summary>
    /// <param name="perSecond">Items that ended per second of late.</param>
    public static DateTimeOffset RetryAt(int maxDepth, double perSecond, DateTimeOffset now) =>
        now + TimeSpan.FromSeconds(perSecond <= 0 ? 60 : Math.Clamp(maxDepth / 10.0 / perSecond, 1, 60));

    /// <summary>An error as it is kept: not too long, and a text that every store takes.</summary>
    public static string? Clip(string? text)
    {
        var clipped = text is { Length: > WorkLimits.MaxError } ? text[..WorkLimits.MaxError] : text;
        return clipped is null || IsText(clipped) ? clipped : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(clipped)).Replace('\0', '\uFFFD');
    }

    /// <exception cref="RefusedException">Invalid: one of the texts is none that a store takes.</exception>
    public static void CheckTexts(params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
            if (text is not null && (text.Length > WorkLimits.MaxKey || !IsText(text)))
                throw new RefusedException(RefusalCode.Invalid, $"A text has at most {WorkLimits.MaxKey} characters of valid Unicode.");
    }

    /// <exception cref="RefusedException">Invalid: nobody could tell from it why something was done.</exception>
    public static void CheckReason(string? because)
    {
        if (string.IsNullOrWhiteSpace(because) || because.Length > WorkLimits.MaxKey)
            throw new RefusedException(RefusalCode.Invalid, $"Say why, in 1 to {WorkLimits.MaxKey} characters.");
        CheckTexts(because);
    }

    private static (RefusalCode Code, string Said)? Objection(NewWork item)
    {
        if (!TenantId.IsName(item.Queue))
            return (RefusalCode.Invalid, "queue is 1 to 63 of a-z, 0-9 and '-'.");
        if (!TenantId.IsName(item.Kind))
            return (RefusalCode.Invalid, "kind is 1 to 63 of a-z, 0-9 and '-'.");
        if (item.Payload is null || !IsText(item.Payload))
            return (RefusalCode.Invalid, "payload is a text of valid Unicode.");
        if (item.Payload.Length > WorkLimits.MaxPayloadBytes || Encoding.UTF8.GetByteCount(item.Payload) > WorkLimits.MaxPayloadBytes)
            return (RefusalCode.TooLarge, $"The payload has more than {WorkLimits.MaxPayloadBytes} bytes. Keep it in the log or a file, and name it.");
        if (!NamesText(item.Payload))
            return (RefusalCode.Invalid, "payload names half a character, such as \\ud800 alone, which no worker could be given.");
        foreach (var (what, key) in ((string, string?)[])[("dedupKey", item.DedupKey), ("orderKey", item.OrderKey), ("origin", item.Origin)])
            if (key is not null && (key.Length is 0 or > WorkLimits.MaxKey || !IsText(key)))
                return (RefusalCode.Invalid, $"{what} is 1 to {WorkLimits.MaxKey} characters.");
        if (item.Priority is < 0 or > WorkLimits.MaxPriority)
            return (RefusalCode.Invalid, $"priority is 0 to {WorkLimits.MaxPriority}.");
        if (item.Cost is < 1 or > WorkLimits.MaxCost)
            return (RefusalCode.Invalid, $"cost is 1 to {WorkLimits.MaxCost}.");
        if (item.MaxAttempts is < 1 or > WorkLimits.MaxAttempts)
            return (RefusalCode.Invalid, $"maxAttempts is 1 to {WorkLimits.MaxAttempts}.");
        return item.Deadline <= item.NotBefore ? (RefusalCode.Invalid, "deadline is after notBefore.") : null;
    }

    // JSON may name by an escape what is no text. Whoever reads such a string fails, and with it the answer that carries the others. What is not JSON names nothing.
    private static bool NamesText(string payload)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(payload));
        try
        {
            while (reader.Read())
                if (reader.ValueIsEscaped && reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    _ = reader.GetString();
            return true;
        }
        catch (JsonException)
        {
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    // PostgreSQL keeps no NUL in a text, and half a pair is no text at all.
    private static bool IsText(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (text[i] == '\0' || char.IsLowSurrogate(text[i]))
                return false;
            else if (char.IsHighSurrogate(text[i]) && (++i == text.Length || !char.IsLowSurrogate(text[i])))
                return false;
        return true;
    }
}
