namespace Sophia.Knowledge;

/// <summary>English words that say little about what is sought: some nothing (stop), some only how a question is put (asking).</summary>
internal static class StopWords
{
    private const string Stop = """
        a an and are as at be been being but by can could did do does doing for from had has have having he her hers him his how i if in into is it its
        itself me my no nor not of off on once only or our ours out over own she should so some such than that the their theirs them themselves then there
        these they this those through to too under until up us very was we were what when where which while who whom why will with would you your yours am
        s t d ll re ve m don during also may might must shall any each both just about after again against all before below between above because here more
        most few other same
        """;

    private const string Asking = """
        summarize summarise summary summarized discuss discussed discusses discussing discussion discussions talk talked talking talks say said says saying
        think thought thinks thinking opinion opinions meeting meetings group team participants participant mention mentioned mentioning describe described
        explain explained explains tell told conclusion concluded decide decided decision people regarding concerning according respond responded ask asked
        asking answer answered view views give gave suggest suggested agree agreed topic question questions
        """;

    private static readonly HashSet<string> StopStems = Stems(Stop);
    private static readonly HashSet<string> AskingStems = Stems(Asking);

    /// <summary>Whether a stem says nothing.</summary>
    public static bool IsStop(string stem) => StopStems.Contains(stem);

    /// <summary>Whether a stem belongs to the asking and not to what is asked.</summary>
    public static bool IsAsking(string stem) => AskingStems.Contains(stem);

    private static HashSet<string> Stems(string words) =>
        [.. words.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(PorterStemmer.Stem)];
}
