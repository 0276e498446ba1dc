namespace Sophia.Log;

/// <summary>The streams that Sophia itself writes. A record there would shut her out: a stream holds entries of one type, for ever.</summary>
public static class OwnStreams
{
    public const string Audit = "audit";

    public const string Expectation = "a name outside of Sophia's own streams (\"audit\" and \"chat\", and all below them)";

    private const string Chat = "chat";
    private const string Elsewhere = "files/";

    /// <summary>The key under which a conversation's events stand.</summary>
    public const string ChatKey = "events";

    /// <summary>The events of one conversation.</summary>
    public static string ChatOf(string session) => $"{Chat}/{session}";

    /// <summary>Whether no record may go there.</summary>
    public static bool Include(string stream) => IsAtOrBelow(stream, Audit) || IsAtOrBelow(stream, Chat);

    /// <summary>A name made from a path, moved where the path happens to be called like a stream of Sophia's.</summary>
    public static string Beside(string stream) => Include(stream) ? Elsewhere + stream : stream;

    /// <summary>Whether an entry may go to a stream: records beside Sophia's own streams, Sophia's entries in theirs.</summary>
    public static bool Take(EntryType type, string stream) => type switch
    {
        EntryType.Record => !Include(stream),
        EntryType.Audit => IsAtOrBelow(stream, Audit),
        EntryType.Chat => IsAtOrBelow(stream, Chat),
        _ => true,
    };

    private static bool IsAtOrBelow(string stream, string own) =>
        stream.StartsWith(own, StringComparison.Ordinal) && (stream.Length == own.Length || stream[own.Length] == '/');
}
