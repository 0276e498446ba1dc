using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sophia.Operations;
using Sophia.Pipelines;

namespace Sophia.Log;

/// <summary>What an erasure may be, and what is said of it. Pure.</summary>
internal static class ErasureRules
{
    /// <summary>The most records, and the most quarantined items, of one erasure.</summary>
    public const int MaxRecords = 10_000;

    /// <summary>The longest value, field or stream's name, in characters.</summary>
    public const int MaxCharacters = 2_000;

    public const int MaxReference = 100;

    /// <summary>Erasures that are remembered after they are done.</summary>
    public const int MaxDone = 100;

    /// <summary>Conversations that a sentence names.</summary>
    private const int NamedConversations = 20;

    /// <summary>Records that a view names.</summary>
    public const int Shown = 100;

    /// <summary>How long a plan waits to be applied, since what it holds is personal.</summary>
    public static readonly TimeSpan PlanKeptFor = TimeSpan.FromHours(24);

    /// <exception cref="RefusedException">Invalid: it says nothing, or too much.</exception>
    public static ErasureSelection Checked(ErasureSelection selection)
    {
        var (records, value) = (selection.Records ?? [], selection.Value?.Trim());
        var error = (records.Count, value) switch
        {
            (0, null or "") => "Name records (stream and key), or give a value.",
            ( > 0, not null) => "Name records or give a value, not both.",
            ( > MaxRecords, _) => $"An erasure takes at most {MaxRecords} records: divide it.",
            _ when records.Any(record => record is not { Stream.Length: > 0 and <= MaxCharacters, Key.Length: <= MaxCharacters }) => $"A record has a stream and a key, each of at most {MaxCharacters} characters.",
            _ when records.Select(record => record.Stream).Concat(selection.Streams ?? []).Any(stream => stream is null || stream.Contains('\0')) => "A stream's name is text without the character U+0000.",
            _ when records.Any(record => OwnStreams.Include(record.Stream)) => $"Streams of Sophia's own are not erased from: delete the conversation ({SophiaCommand.Name} chat delete NAME, or its page), or the tenant.",
            _ when records.Count > 0 && (selection.Field is not null || selection.Streams is { Count: > 0 }) => "Field and streams go with a value.",
            _ when value?.Length > MaxCharacters || selection.Field?.Length > MaxCharacters => $"A value and a field have at most {MaxCharacters} characters.",
            _ => null,
        };
        return error is null ? new ErasureSelection([.. records.Distinct().OrderBy(record => record.Stream, StringComparer.Ordinal).ThenBy(record => record.Key, StringComparer.Ordinal)], value,
            string.IsNullOrWhiteSpace(selection.Field) ? null : selection.Field.Trim(), selection.Streams ?? []) : throw new RefusedException(RefusalCode.Invalid, error);
    }

    /// <exception cref="RefusedException">Conflict: one is being applied.</exception>
    public static ErasureState Plan(ErasureState state, ErasureSelection selection, string by, long head, DateTimeOffset now)
    {
        if (state.Current is { Phase: >= ErasurePhase.Blocking } going)
            throw new RefusedException(RefusalCode.Conflict, $"{going.Id} is being applied: wait for its end.");
        var number = state.Number + 1;
        return state with
        {
            Number = number,
            Current = new ErasureJob
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"erasure-{number}"), By = by, At = now, Selection = selection, Head = head,
                Records = selection.Records ?? [], Phase = selection.Value is null ? ErasurePhase.Counting : ErasurePhase.Looking,
            },
        };
    }

    /// <exception cref="RefusedException">Conflict: there is no such plan, or it is not what was confirmed.</exception>
    public static ErasureState Apply(ErasureState state, string token, string? reference, string by, DateTimeOffset now)
    {
        if (reference?.Length > MaxReference)
            throw new RefusedException(RefusalCode.Invalid, $"A reference has at most {MaxReference} characters.");
        return state.Current switch
        {
            { Phase: ErasurePhase.Planned } plan when IsOver(plan, now) || Token(plan) != token => throw new RefusedException(RefusalCode.Conflict, "The plan is another one than that which was confirmed: look again at what would be erased."),
            { Phase: ErasurePhase.Planned } plan when plan.Records.Count + plan.Items.Count == 0 => throw new RefusedException(RefusalCode.Conflict, "The plan found nothing to erase."),
            { Phase: ErasurePhase.Planned } plan => state with { Current = plan with { Phase = ErasurePhase.Blocking, Page = 0, AppliedBy = by, AppliedAt = now, Reference = string.IsNullOrWhiteSpace(reference) ? null : reference.Trim() } },
            { Phase: >= ErasurePhase.Blocking } going when going.AppliedBy == by && Token(going) == token => state,
            { Phase: >= ErasurePhase.Blocking } => throw new RefusedException(RefusalCode.Conflict, "An erasure is being applied: wait for its end."),
            { Phase: ErasurePhase.Refused } refused => throw new RefusedException(RefusalCode.Conflict, refused.Refusal!),
            { } => throw new RefusedException(RefusalCode.Conflict, "What would be erased is still being looked for."),
            null => throw new RefusedException(RefusalCode.Conflict, "There is no plan: look first at what would be erased."),
        };
    }

    public static ErasureState Drop(ErasureState state) => state.Current is not { Phase: >= ErasurePhase.Blocking } going ? state with { Current = null }
        : throw new RefusedException(RefusalCode.Conflict, $"{going.Id} is being applied and cannot be taken back.");

    /// <summary>The erasure has nothing more to do: it is remembered by its numbers.</summary>
    public static ErasureState End(ErasureState state, ErasureJob done) => state with { Current = null, Done = [.. state.Done.Append(done).TakeLast(MaxDone)] };

    /// <summary>Whether a plan is to be forgotten.</summary>
    public static bool IsOver(ErasureJob job, DateTimeOffset now) => job.Phase <= ErasurePhase.Refused && now >= job.At + PlanKeptFor;

    /// <summary>Whether there is something to do.</summary>
    public static bool Goes(ErasureJob? job) => job is { Phase: ErasurePhase.Looking or ErasurePhase.Counting or >= ErasurePhase.Blocking and < ErasurePhase.Done };

    /// <summary>Stands for the erasure and every record and item of it: 32 digits of lower hex.</summary>
    public static string Token(ErasureJob job)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in job.Records.SelectMany(record => new[] { record.Stream, record.Key }).Concat(job.Items.Select(item => item.ToString(CultureInfo.InvariantCulture))).Prepend(job.Id))
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    /// <summary>Nothing personal is left in it: what it found is removed, and only numbers stay.</summary>
    public static ErasureJob Anonymous(ErasureJob job) => job with { Selection = new(), Records = [], Items = [], Conversations = [], Refusal = null };

    public static ErasureView View(ErasureJob job, string? waitsFor) => new(
        job.Id, job.Phase, job.By, job.At, job.AppliedBy, job.AppliedAt, job.EndedAt, job.Phase == ErasurePhase.Planned ? Token(job) : null, job.Phase <= ErasurePhase.Refused ? job.At + PlanKeptFor : null,
        job.Phase == ErasurePhase.Done ? job.Erased : job.Records.Count, job.Phase == ErasurePhase.Done ? job.Versions : job.Streams.Sum(stream => stream.Versions), job.Phase == ErasurePhase.Done ? job.ErasedItems : job.Items.Count,
        job.Streams, [.. job.Records.Take(Shown)], job.ChatMessages, job.Conversations.Count, job.AuditEntries, Untouched(job), job.Refusal ?? waitsFor, job.LookedTo, job.Head, job.Reference);

    // The names are known until the erasure is done.
    private static string Conversations(ErasureJob job) => job.Conversations.Count == 0 ? $" until the conversations are deleted ({SophiaCommand.Name} chat delete NAME)"
        : $" until these are deleted: {SophiaCommand.Name} chat delete {string.Join(' ', job.Conversations.Take(NamedConversations))}{(job.Conversations.Count > NamedConversations ? $" and {job.Conversations.Count - NamedConversations} more" : "")}";

    /// <summary>What an erasure does not reach, said before it is applied and after.</summary>
    public static IReadOnlyList<string> Untouched(ErasureJob job) =>
    [
        .. job.ChatMessages == 0 ? Array.Empty<string>() : [string.Create(CultureInfo.InvariantCulture, $"{job.ChatMessages} messages of conversations cite these records or name the value: they keep their words{Conversations(job)}.")],
        .. job.AuditEntries == 0 ? Array.Empty<string>() : [string.Create(CultureInfo.InvariantCulture, $"{job.AuditEntries} entries of the audit name these records: the audit keeps them.")],
        "The source still has them, files of the inbox and connectors included: remove them there. A next reading leaves them out, and counts them as blocked.",
        .. job.Records.Count(record => ShownKey.IsPlace(record.Key)) is var numbered and > 0 ? [string.Create(CultureInfo.InvariantCulture, $"{numbered} of these records are called by their place in a file that has no key. What they say stays away wherever it stands, and so does the row that moves into their place, until it is allowed. Edited and moved they come back: state a key for the stream first.")] : Array.Empty<string>(),
        "Records that hold the same in words of a longer text, or in other words under another key, were not looked for.",
        "Exports and answers that somebody took away, backups until they expire, log lines of processes, and the names of files.",
        "Work of queues that names them in words of its own: purge it there. Values of an edit of many quarantined records, until that has ended: stop it there.",
        "Errors of runs, lines of connectors and samples of dry runs may quote a value until newer ones take their place.",
        "What processes remember of texts and search answers goes before the erasure ends, in the shared cache too; a process that is cut off from the others forgets as soon as it hears of it, and has texts' vectors for a day and search answers for half an hour at most. Answers kept for repeated requests go too, whatever they were about: a repetition is told so.",
        "Rows in PostgreSQL leave its files with the next vacuum and its write-ahead log with the next recycling; what Redis wrote to a disk goes when it writes it anew.",
    ];
}
