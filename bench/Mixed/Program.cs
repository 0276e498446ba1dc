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
var folder = Path.Combine(Path.GetTempPath(), $"sophia-mixed-{Guid.NewGuid():n}");
try
{
    if (from is null && OtherVersion.LastReleased(root) is var (released, missing))
        from = released ?? throw new CommandFailedException($"There is {missing}; say --from COMMIT.");
    Console.WriteLine($"From {from} to this one and back, three silos in turn");
    var outcome = await MixedVersions.RollForthAndBack(folder, await OtherVersion.Build(root, from, default), Callers, Console.WriteLine);
    foreach (var line in outcome.Failures.Concat(outcome.Lost).Take(10))
        Console.Error.WriteLine(line);
    Console.WriteLine($"{outcome.Calls:N0} calls, {outcome.Failures.Count} failed; {outcome.Acknowledged:N0} acknowledged, {outcome.Lost.Count} lost");
    return outcome.Failures.Count + outcome.Lost.Count == 0 ? 0 : 1;
}
catch (CommandFailedException failed)
{
    Console.Error.WriteLine(failed.Message);
    return 1;
}
finally
{
    if (Directory.Exists(folder))
        Directory.Delete(folder, recursive: true);
}
