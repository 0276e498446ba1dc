namespace Sophia.Pipelines;

/// <summary>What came of a replayed record, in words for people.</summary>
public static class ReplayWords
{
    public static string Word(this ReplayOutcome outcome) => outcome switch
    {
        ReplayOutcome.Same => "same",
        ReplayOutcome.Changed => "changed",
        ReplayOutcome.NowQuarantined => "now quarantined",
        ReplayOutcome.NoLongerQuarantined => "no longer quarantined",
        ReplayOutcome.StillQuarantined => "still quarantined",
        ReplayOutcome.Filtered => "filtered",
        ReplayOutcome.SourceNotKept => "source not kept",
        _ => "otherwise",
    };
}
