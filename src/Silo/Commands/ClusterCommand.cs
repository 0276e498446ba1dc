using System.CommandLine;
using Sophia.Cluster;
using Sophia.Hosting;
using Sophia.Operations;

namespace Sophia.Commands;

/// <summary>Runs a real cluster on this machine: several silos, a front end, their own PostgreSQL and Redis.</summary>
internal static class ClusterCommand
{
    private static readonly Option<string?> Folder = new("--folder") { Description = "Where the cluster keeps everything. Default: var/cluster beside the command.", Recursive = true };

    public static Command Create() => new("cluster", "Run a real cluster on this machine.") { Options = { Folder }, Subcommands = { Up(), Status(), Scale(), Kill(), Roll(), Down() } };

    private static Command Up()
    {
        var silos = new Option<int>("--silos") { Description = $"How many silos, 1 to {LocalCluster.MostSilos}. Default: 3, or as many as run.", DefaultValueFactory = _ => 3 };
        var gpus = new Option<int>("--gpu") { Description = "How many of them are labelled gpu=gh200." };
        var url = new Option<string?>("--url") { Description = $"Where the front end listens. Default: {SophiaOptions.DefaultUrl}." };
        var command = new Command("up", "Start what does not run yet.") { silos, gpus, url };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (wanted, labelled) = (Counted(parsed.GetValue(silos)), parsed.GetValue(gpus));
            if (labelled < 0 || labelled > wanted)
                throw new CommandFailedException($"Of {wanted} silos 0 to {wanted} can be labelled gpu=gh200.");
            using var _ = LocalCluster.Hold(FolderOf(parsed));
            var cluster = await LocalCluster.Up(FolderOf(parsed), wanted, labelled, parsed.GetValue(url), cancellation);
            await Print(cluster, cancellation);
            if (parsed.GetValue(url) is { } asked && cluster.Url is { } serves && !serves.StartsWith(asked.TrimEnd('/'), StringComparison.Ordinal) && !asked.EndsWith(":0", StringComparison.Ordinal))
                Console.Out.WriteLine($"The front end ran already and stays at {serves}; \"{SophiaCommand.Name} cluster down\" first moves it.");
            if (cluster.File.Silos.Count(silo => silo.Process.IsAlive) > wanted)
                Console.Out.WriteLine($"More silos ran already; \"{SophiaCommand.Name} cluster scale {wanted}\" lets the others leave.");
            Console.Out.WriteLine($"Commands speak to it with --data {cluster.FrontendFolder}, as in: {SophiaCommand.Name} silos --data {cluster.FrontendFolder}");
            if (await SignInCommand.Link(cluster.Url, HomeFolder.CliKey(cluster.FrontendFolder), cancellation) is { } link)
                Console.Out.WriteLine($"Sign your browser in, once, within 15 minutes: {link}");
            Console.Out.WriteLine($"It runs until {SophiaCommand.Name} cluster down.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Status() => Acting("status", "Show which processes run.", (_, _, _) => Task.CompletedTask,
        then: cluster => cluster.IsUp ? null : $"It does not run: {SophiaCommand.Name} cluster up starts it, with what it has stored.");

    private static Command Down() => Acting("down", "End every process; the data stays.", (cluster, _, cancellation) => cluster.Down(cancellation),
        then: cluster => $"Everything has ended. The data stays in {cluster.Folder}: {SophiaCommand.Name} cluster up goes on with it; without the folder it begins anew.");

    private static Command Roll() => Acting("roll", "Let each silo in turn leave and come back.",
        (cluster, _, cancellation) => cluster.Roll(number => Console.Out.WriteLine($"silo-{number} is back"), cancellation));

    private static Command Scale()
    {
        var silos = new Argument<int>("silos") { Description = "How many silos there are to be." };
        return Acting("scale", "Start silos, also those that died, or let the last ones leave.", (cluster, parsed, cancellation) => cluster.Scale(Counted(parsed.GetValue(silos)), cancellation), silos);
    }

    private static Command Kill()
    {
        var part = new Argument<string>("part") { Description = "A silo, as 2 or silo-2, or redis." };
        return Acting("kill", "End a silo, or Redis, as a power cut would.", (cluster, parsed, cancellation) => parsed.GetValue(part)!.Replace("silo-", "", StringComparison.Ordinal) switch
        {
            "redis" => cluster.KillRedis(cancellation),
            var silo when int.TryParse(silo, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) => cluster.Kill(number, cancellation),
            var other => throw new CommandFailedException($"\"{other}\" is no silo's number and not redis."),
        }, part, _ => $"Everything else goes on; {SophiaCommand.Name} cluster up brings it back.");
    }

    private static Command Acting(string name, string description, Func<LocalCluster, ParseResult, CancellationToken, Task> act, Argument? argument = null, Func<LocalCluster, string?>? then = null)
    {
        var command = new Command(name, description);
        if (argument is not null)
            command.Add(argument);
        command.SetAction(async (parsed, cancellation) =>
        {
            var cluster = LocalCluster.Open(FolderOf(parsed));
            using var _ = name == "status" ? null : LocalCluster.Hold(cluster.Folder);
            await act(cluster, parsed, cancellation);
            await Print(cluster, cancellation);
            if (then?.Invoke(cluster) is { } said)
                Console.Out.WriteLine(said);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task Print(LocalCluster cluster, CancellationToken cancellation) => Show.Rows(["part", "process", "state", "address", ""],
    [
        Row("postgres", cluster.File.Postgres, $"127.0.0.1:{cluster.File.PostgresPort}"),
        Row("redis", cluster.File.Redis, $"127.0.0.1:{cluster.File.RedisPort}"),
        .. await Task.WhenAll(cluster.File.Silos.Append(cluster.File.Frontend).OfType<LocalMember>().Select(member => Row(cluster, member, cancellation))),
    ]);

    private static string[] Row(string name, LocalProcess? process, string address) => [name, Id(process), process switch { null => "down", { IsAlive: true } => "runs", _ => "gone" }, address, ""];

    private static async Task<string[]> Row(LocalCluster cluster, LocalMember member, CancellationToken cancellation) =>
        [member.Number == 0 ? "frontend" : $"silo-{member.Number}", Id(member.Process), member.Process.IsAlive ? await cluster.Readiness(member, cancellation) : "gone", (member.Process.IsAlive ? cluster.UrlOf(member) : null) ?? "", Show.Plain(member.Labels)];

    private static string Id(LocalProcess? process) => process?.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "";

    private static int Counted(int silos) => silos is >= 1 and <= LocalCluster.MostSilos ? silos : throw new CommandFailedException($"A local cluster has 1 to {LocalCluster.MostSilos} silos.");

    private static string FolderOf(ParseResult parsed) =>
        Path.GetFullPath(parsed.GetValue(Folder) ?? Settings.OwnFolder("cluster"));
}
