using System.Diagnostics;
using System.Globalization;
using Sophia.Commands;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>A real cluster on this machine: its own PostgreSQL and Redis, one front end, and silos that come, go and die.</summary>
internal sealed class LocalCluster
{
    public const int MostSilos = 32;

    /// <summary>How long a process may take until it serves.</summary>
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(2);

    /// <summary>How long one that was asked to end may take: more than it gives itself.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private ClusterFile file;

    private LocalCluster(string folder, ClusterFile file) => (Folder, this.file) = (folder, file);

    public string Folder { get; }

    public ClusterFile File => file;

    /// <summary>The front end's data folder, where commands find it.</summary>
    public string FrontendFolder => Path.Combine(Folder, "frontend");

    public string? Url => HomeFolder.Serving(FrontendFolder) is { } serving && file.Frontend is { } frontend && serving.ProcessId == frontend.Process.Id ? serving.Url : null;

    /// <exception cref="CommandFailedException">There is none in this folder.</exception>
    public static LocalCluster Open(string folder) =>
        new(folder, ClusterFile.Read(folder) ?? throw new CommandFailedException($"There is no cluster in {folder}: \"./sophia cluster up\" makes one."));

    /// <summary>Starts what does not run yet: servers, silos 1 to <paramref name="silos"/>, the front end.</summary>
    public static async Task<LocalCluster> Up(string folder, int silos, int gpus, string? url, CancellationToken cancellation)
    {
        LocalServers.Expect();
        Directory.CreateDirectory(Path.Combine(folder, "logs"));
        Directory.CreateDirectory(Path.Combine(folder, "inbox"));
        var cluster = new LocalCluster(folder, (ClusterFile.Read(folder) ?? ClusterFile.New()).Write(folder));
        if (cluster.file.Postgres is not { IsAlive: true })
            cluster.Keep(cluster.file with { Postgres = await LocalServers.StartPostgres(cluster.file, folder, cancellation) });
        if (cluster.file.Redis is not { IsAlive: true })
            cluster.Keep(cluster.file with { Redis = await LocalServers.StartRedis(cluster.file, folder, cancellation) });
        await cluster.Scale(silos, cancellation, number => number <= gpus ? "gpu=gh200" : "gpu=none");
        if (cluster.file.Frontend is not { Process.IsAlive: true })
            await cluster.StartFrontend(url, cancellation);
        return cluster;
    }

    /// <summary>Starts silos, also those that died, or lets the last ones leave.</summary>
    public async Task Scale(int silos, CancellationToken cancellation, Func<int, string>? labels = null)
    {
        foreach (var leaving in file.Silos.Where(silo => silo.Number > silos).Reverse().ToList())
        {
            await leaving.Process.Stop(EndsWithin, cancellation);
            Keep(file.Without(leaving.Number));
        }
        // The first one makes the schema; the others may come together.
        for (var number = 1; number <= silos; number++)
        {
            var known = file.Silos.FirstOrDefault(silo => silo.Number == number);
            if (known is not { Process.IsAlive: true })
                await StartSilo(number, known?.Labels ?? labels?.Invoke(number) ?? "gpu=none", cancellation);
        }
    }

    /// <summary>Ends a silo as a power cut would, and returns when it is gone.</summary>
    public async Task Kill(int number, CancellationToken cancellation) => await Silo(number).Process.Stop(TimeSpan.Zero, cancellation, "KILL");

    /// <summary>Each silo in turn leaves and comes back.</summary>
    public async Task Roll(Action<int> told, CancellationToken cancellation)
    {
        foreach (var silo in file.Silos.ToList())
        {
            await silo.Process.Stop(EndsWithin, cancellation);
            await StartSilo(silo.Number, silo.Labels, cancellation);
            told(silo.Number);
        }
    }

    /// <summary>Ends everything; the data stays.</summary>
    public async Task Down(CancellationToken cancellation)
    {
        if (file.Frontend is { } frontend)
            await frontend.Process.Stop(EndsWithin, cancellation);
        await Task.WhenAll(file.Silos.Select(silo => silo.Process.Stop(EndsWithin, cancellation)));
        if (file.Redis is { } redis)
            await redis.Stop(EndsWithin, cancellation);
        if (file.Postgres is { } postgres)
            await postgres.Stop(EndsWithin, cancellation, "INT");
        Keep(file with { Frontend = null, Silos = [], Redis = null, Postgres = null });
    }

    private LocalMember Silo(int number) =>
        file.Silos.FirstOrDefault(silo => silo.Number == number) is { Process.IsAlive: true } silo ? silo : throw new CommandFailedException($"There is no silo {number} that runs.");

    private async Task StartSilo(int number, string labels, CancellationToken cancellation)
    {
        var name = $"silo-{number.ToString(CultureInfo.InvariantCulture)}";
        var process = StartProgram(name, new()
        {
            ["SOPHIA_ROLE"] = "silo", ["SOPHIA_URL"] = "http://127.0.0.1:0", ["SOPHIA_SILO_NAME"] = name, ["SOPHIA_SILO_LABELS"] = labels,
            ["SOPHIA_SILO_PORT"] = Port(), ["SOPHIA_GATEWAY_PORT"] = Port(), ["SOPHIA_POSTGRES_OWNER"] = LocalServers.OwnerConnection(file),
        });
        Keep(file.With(new LocalMember(number, process, labels)));
        await Serves(name, process, cancellation);
    }

    private async Task StartFrontend(string? url, CancellationToken cancellation)
    {
        var process = StartProgram("frontend", new() { ["SOPHIA_ROLE"] = "frontend", ["SOPHIA_URL"] = url ?? SophiaOptions.DefaultUrl });
        Keep(file with { Frontend = new LocalMember(0, process) });
        await Serves("frontend", process, cancellation);
    }

    private LocalProcess StartProgram(string name, Dictionary<string, string> environment)
    {
        Directory.CreateDirectory(Path.Combine(Folder, name));
        System.IO.File.Delete(Path.Combine(Folder, name, "instance.json"));
        environment["SOPHIA_HOME"] = Path.Combine(Folder, name);
        environment["SOPHIA_CLUSTER"] = "local";
        environment["SOPHIA_POSTGRES"] = LocalServers.SiloConnection(file);
        environment["SOPHIA_REDIS"] = LocalServers.RedisConnection(file);
        environment["SOPHIA_INBOX"] = Path.Combine(Folder, "inbox");
        return LocalProcess.Start(LogOf(name), environment, Environment.ProcessPath!, "exec", Path.Combine(AppContext.BaseDirectory, "Sophia.dll"), "up");
    }

    private async Task Serves(string name, LocalProcess process, CancellationToken cancellation)
    {
        for (var since = Stopwatch.StartNew(); HomeFolder.Serving(Path.Combine(Folder, name))?.ProcessId != process.Id; await Task.Delay(LookEvery, cancellation))
            if (!process.IsAlive || since.Elapsed > StartsWithin)
                throw new CommandFailedException($"The {name} did not start: {string.Join(' ', System.IO.File.ReadLines(LogOf(name)).TakeLast(3))}", ExitCodes.CannotStart);
    }

    private string LogOf(string name) => Path.Combine(Folder, "logs", $"{name}.log");

    private static string Port() => LocalServers.FreePort().ToString(CultureInfo.InvariantCulture);

    private void Keep(ClusterFile next) => file = next.Write(Folder);
}
