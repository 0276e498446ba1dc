using Sophia.Hosting;
using Xunit.Abstractions;

namespace Sophia.Cluster;

/// <summary>The release before this one and this one side by side, as during an upgrade that is made and then taken back.</summary>
[Collection("cluster")]
public sealed class MixedVersionTests(ITestOutputHelper output)
{
    [NightlyClusterFact]
    public async Task Silos_of_the_last_release_and_of_this_one_work_side_by_side_and_no_call_fails()
    {
        var root = NightlyClusterFactAttribute.Root!;
        var folder = Path.Combine(Path.GetTempPath(), $"sophia-mixed-{Guid.NewGuid():n}");
        MixedVersions.Outcome? outcome = null;
        try
        {
            var older = await OtherVersion.Build(root, OtherVersion.LastReleased(root).Commit!, default);
            outcome = await MixedVersions.RollForthAndBack(folder, older, callers: 2, output.WriteLine);
            foreach (var line in outcome.Failures.Concat(outcome.Lost).Take(10))
                output.WriteLine(line);
            output.WriteLine(outcome.ToString());
            Assert.Empty(outcome.Failures);
            Assert.Empty(outcome.Lost);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                output.WriteLine($"Logs: {MixedVersions.KeepLogs(folder, root, outcome)}");
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}

/// <summary>Builds another version and so takes minutes: only with SOPHIA_NIGHTLY=1, and where the repository's history has that version.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NightlyClusterFactAttribute : FactAttribute
{
    public NightlyClusterFactAttribute() => Skip = ClusterFactAttribute.Missing() ?? Because();

    internal static string? Root => Environment.GetEnvironmentVariable("SOPHIA_ROOT") ?? Above(AppContext.BaseDirectory);

    private static string? Because() => Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") != "1" ? "skipped: nightly (SOPHIA_NIGHTLY=1)"
        : Root is not { } root ? "skipped: no repository around the tests"
        : OtherVersion.LastReleased(root).Missing is { } missing ? $"skipped: {missing}" : null;

    private static string? Above(string? folder)
    {
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sophia.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder;
    }
}
