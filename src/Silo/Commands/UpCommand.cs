using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Sophia.Hosting;

namespace Sophia.Commands;

/// <summary>Serves until it is told to stop.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var url = new Option<string?>("--url") { Description = $"Where to listen. Default: SOPHIA_URL, else {SophiaOptions.DefaultUrl}." };
        var anywhere = new Option<bool>("--listen-anywhere") { Description = "Allow an address that other machines reach." };
        var command = new Command("up", "Serve pages, REST and hub until stopped.") { url, anywhere };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = Settings.Options(parsed, quietAs: LogLevel.Information) with
            {
                Url = parsed.GetValue(url) ?? Settings.Variable("SOPHIA_URL") ?? SophiaOptions.DefaultUrl,
                ListenAnywhere = parsed.GetValue(anywhere),
            };
            await using var sophia = await RunningSophia.Start(options, announce: true, cancellation: cancellation);
            await Announce(sophia, options);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, sophia.Stopping);
            await Stopped(linked.Token);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task Announce(RunningSophia sophia, SophiaOptions options)
    {
        var took = Stopwatch.GetElapsedTime(CommandLine.Began).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        Console.Out.WriteLine($"Sophia serves at {sophia.Url} ({RuntimeName(options)}, up in {took} s)");
        Console.Out.WriteLine(options.Postgres is null ? $"Data is in {options.DataFolder}" : options.Cluster is not null ? "Log, state and index are in PostgreSQL" : $"Log and state are in PostgreSQL, the index is in {options.DataFolder}");
        if (options.Cluster is null)
            foreach (var run in await sophia.GoingOn())
                Console.Out.WriteLine($"Goes on: run {run.RunId} of {run.Pipeline}, begun {Show.Moment(run.StartedAt)}, {Show.Brief(run)} so far");
        if (options.HasEdge)
            Console.Out.WriteLine($"Sign your browser in, once, within 15 minutes: {await sophia.SignInLink()}");
        Console.Out.WriteLine("Ctrl-C stops it.");
        Console.Out.Flush();
    }

    private static string RuntimeName(SophiaOptions options) => options switch
    {
        { Cluster: null } => SiloRuntime.Name,
        { Role: SophiaRole.Frontend, Cluster: var cluster } => $"a front end of the cluster \"{cluster.Name}\"",
        { Cluster: var cluster } => $"a silo of the cluster \"{cluster.Name}\"",
    };

    private static async Task Stopped(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource();
        await using var _ = stop.Register(stopped.SetResult);
        await stopped.Task;
    }
}
