using Sophia.Cluster;
using Sophia.Commands;
using Sophia.Hosting;

// Rolls a real local cluster from another version of Sophia to this one and back, under load, and counts failed calls.
const int Callers = 2;
var root = Environment.GetEnvironmentVariable("SOPHIA_ROOT") ?? Environment.CurrentDirectory;
var from = args is ["--from", var commit] ? commit : null;
if (!SiloRuntime.IsOrleans || (args.Length > 0 && from is null))
{
    Console.Error.WriteLine("bench mixed [--from COMMIT]: the Orleans build, PostgreSQL and Redis; without --from the last release");
    return 2;
}
MixedVersions.Outcome? outcome = null;
var folder = Path.Combine(Path.GetTempPath(), $"sophia-mixed-{Guid.NewGuid():n}");
try
{
    if (from is null && OtherVersion.LastReleased(root) is var (released, missing))
        from = released ?? throw new CommandFailedException($"There is {missing}; say --from COMMIT.");
    Console.WriteLine($"From {from} to this one and back, three silos in turn");
    outcome = await MixedVersions.RollForthAndBack(folder, await OtherVersion.Build(root, from, default), Callers, Console.WriteLine);
    foreach (var line in outcome.Failures.Concat(outcome.Lost).Take(10))
        Console.Error.WriteLine(line);
    Console.WriteLine(outcome);
    return outcome.IsClean ? 0 : 1;
}
catch (CommandFailedException failed)
{
    Console.Error.WriteLine(failed.Message);
    return 1;
}
finally
{
    if (Directory.Exists(folder))
    {
        Console.WriteLine($"Logs: {MixedVersions.KeepLogs(folder, root, outcome)}");
        Directory.Delete(folder, recursive: true);
    }
}
