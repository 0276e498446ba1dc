namespace Sophia.Cluster;

/// <summary>One release beside the next: silos are rolled from an older program to this one and back, under load from a front end of each.</summary>
internal static class MixedVersions
{
    private const int Silos = 3;

    /// <summary>Failures as callers saw them, and what was acknowledged and is not there.</summary>
    public sealed record Outcome(long Calls, int Acknowledged, IReadOnlyList<string> Failures, IReadOnlyList<string> Lost)
    {
        public bool IsClean => Failures.Count + Lost.Count == 0;

        public override string ToString() => $"{Calls:N0} calls, {Failures.Count} failed; {Acknowledged:N0} acknowledged, {Lost.Count} lost";
    }

    /// <summary>Keeps what every process of a run said, with what failed: the last clean run's in mixed-logs/last below the artifacts, each other one's beside it.</summary>
    /// <returns>The folder.</returns>
    public static string KeepLogs(string folder, string root, Outcome? outcome)
    {
        var kept = Path.Combine(root, "artifacts", "mixed-logs", outcome?.IsClean == true ? "last" : $"{DateTimeOffset.Now:yyyyMMdd-HHmmss}");
        if (Directory.Exists(kept))
            Directory.Delete(kept, recursive: true);
        Directory.CreateDirectory(kept);
        foreach (var log in Directory.EnumerateFiles(Path.Combine(folder, "logs")))
            File.Copy(log, Path.Combine(kept, Path.GetFileName(log)));
        File.WriteAllLines(Path.Combine(kept, "outcome.txt"), outcome is null ? ["It did not come to its end."] : [outcome.ToString(), .. outcome.Failures, .. outcome.Lost]);
        return kept;
    }

    /// <param name="older">The folder of the older program.</param>
    public static async Task<Outcome> RollForthAndBack(string folder, string older, int callers, Action<string> told)
    {
        var cluster = await LocalCluster.Up(folder, Silos, 0, "http://127.0.0.1:0", default, older);
        try
        {
            await using var before = await ClusterLoad.On(cluster, "before", callers);
            before.Begin();
            told($"{DateTimeOffset.Now:HH:mm:ss} load on three old silos");
            await before.Acknowledges(5);
            var run = await RunUnderWay.Start(before.Http, folder, 0);
            await cluster.Roll(silo => told($"{DateTimeOffset.Now:HH:mm:ss} silo-{silo} is new"), default);
            await before.Acknowledges(5);
            await using var after = await ClusterLoad.On(await cluster.AddFrontend(default), "after", callers);
            told($"{DateTimeOffset.Now:HH:mm:ss} a new front end serves beside the old one");
            after.Begin();
            await after.Acknowledges(5);
            await cluster.Roll(silo => told($"{DateTimeOffset.Now:HH:mm:ss} silo-{silo} is old again"), default, older);
            await Task.WhenAll(before.Acknowledges(5), after.Acknowledges(5));
            await Task.WhenAll(before.End(), after.End());
            var lost = (await before.Lost()).Concat(await after.Lost()).Concat(await run.Wrong());
            return new Outcome(before.Calls + after.Calls, before.Acknowledged + after.Acknowledged, [.. before.Failures, .. after.Failures], [.. lost]);
        }
        finally
        {
            await cluster.Down(default);
        }
    }
}
