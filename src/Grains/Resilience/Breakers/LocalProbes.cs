namespace Sophia.Resilience;

/// <summary>The probes that the truth gave to this process in one round: which may begin, which are under way, what came of them. Its owner's lock guards it.</summary>
internal sealed class LocalProbes
{
    private readonly List<(long Number, long StartBy, long KeptUntil)> ready = [];
    private readonly HashSet<long> begun = [];
    private readonly List<BreakerSettled> settled = [];
    private readonly HashSet<long> known = [];

    /// <summary>How many may begin.</summary>
    public int Ready => ready.Count;

    /// <summary>All of the round that came back so far.</summary>
    public IReadOnlyList<BreakerSettled> Settled => [.. settled];

    /// <summary>A probe is told again with each copy until it comes back.</summary>
    /// <param name="startBy">It begins by this time or goes back: half its lease is over then, and a call of the other half still ends within it.</param>
    /// <param name="keptUntil">How long it is kept for callers that do not come.</param>
    public void Add(long number, long startBy, long keptUntil)
    {
        if (known.Add(number))
            ready.Add((number, startBy, keptUntil));
    }

    public bool TryBegin(long now, out long number)
    {
        var first = ready.FindIndex(probe => probe.StartBy > now);
        number = first < 0 ? 0 : ready[first].Number;
        if (first < 0)
            return false;
        ready.RemoveAt(first);
        begun.Add(number);
        return true;
    }

    /// <summary>False where it is none of this round, or came back before.</summary>
    public bool End(long number, bool? succeeded)
    {
        if (!begun.Remove(number))
            return false;
        settled.Add(new BreakerSettled(number, succeeded));
        return true;
    }

    /// <summary>Those that nobody came for go back.</summary>
    public void HandBack(long now)
    {
        foreach (var probe in ready.Where(probe => IsPast(probe, now)))
            settled.Add(new BreakerSettled(probe.Number, null));
        ready.RemoveAll(probe => IsPast(probe, now));

        static bool IsPast((long Number, long StartBy, long KeptUntil) probe, long now) => probe.KeptUntil <= now || probe.StartBy <= now;
    }

    public void Clear()
    {
        ready.Clear();
        begun.Clear();
        settled.Clear();
        known.Clear();
    }
}
