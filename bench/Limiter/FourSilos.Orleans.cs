namespace Sophia.Bench;

/// <summary>Several silos in one process are of the runtime in process; shares are divided by the same rules on both. Its counterpart is FourSilos.InProcess.cs.</summary>
internal static class FourSilos
{
    public static Task Cost(Action<string, double> print) => Task.CompletedTask;

    public static Task Run(TimeSpan time, Action<string, double> print) => Task.CompletedTask;
}
