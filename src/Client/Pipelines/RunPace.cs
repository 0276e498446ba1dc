namespace Sophia.Pipelines;

/// <summary>How fast a run reads, for people.</summary>
public static class RunPace
{
    /// <summary>A run that took less says how long it took; what it would have read in a second is nobody's measurement. In seconds.</summary>
    private const double Shortest = 1;

    /// <summary>Records a second; null where the run took under a second, or read nothing.</summary>
    public static double? Of(RunView run) => run.RecordsPerSecond > 0 && run.Counts.In / run.RecordsPerSecond >= Shortest ? run.RecordsPerSecond : null;
}
