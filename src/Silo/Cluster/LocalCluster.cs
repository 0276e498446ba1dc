using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Operations;
using Sophia.Security;

namespace Sophia.Cluster;

/// <summary>A real cluster on this machine: its own PostgreSQL and Redis, one front end, and silos that come, go and die.</summary>
internal sealed class LocalCluster
{
    public const int MostSilos = 32;

    /// <summary>How long a process may take until it serves.</summary>
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(2);

    /// <summary>How long one that was asked to end may take: more than it gives itself.</summary>
    public static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private ClusterFile file;

    private LocalCluster(string folder, ClusterFile file) => (Folder, this.file) = (folder, file);

    public string Folder { get; }

    public ClusterFile File => file;

    /// <summary>Whether anything of it runs that the rest needs.</summary>
    public bool IsUp => file.Postgres is { IsAlive: true };

    /// <summary>The front end's data folder of the cluster that nobody gave another place.</summary>
    public static string DefaultFrontend => Path.Combine(Settings.OwnFolder("cluster"), "frontend");

    /// <summary>The front end's data folder, where commands find it.</summary>
    public string FrontendFolder => Path.Combine(Folder, "frontend");

    /// <summary>What its processes keep secrets under.</summary>
    public string SecretsKey => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"secrets of the cluster {file.Password}")));

    public string? Url => file.Frontend is { } frontend ? UrlOf(frontend) : null;

    /// <summary>Where a silo (health and metrics) or the front end serves, or null.</summary>
    public string? UrlOf(LocalMember member) => HomeFolder.Serving(Path.Combine(Folder, NameOf(member))) is { } serving && serving.ProcessId == member.Process.Id ? serving.Url : null;

    /// <summary>What a process that runs says of itself: "ready", or why it is not.</summary>
    public async Task<string> Readiness(LocalMember member, CancellationToken cancellation)
    {
        if (UrlOf(member) is not { } url)
            return "starts";
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Hosting.Readiness.Patience * 2 };
            using var answer = await http.GetAsync(new Uri($"{url}/ready"), cancellation);
            return await answer.Content.ReadAsStringAsync(cancellation);
        }
        catch (Exception silent) when (silent is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return "does not answer";
        }
    }

    /// <summary>Until it is disposed no other command changes this cluster: two would both write down what they started, and one of them lose it.</summary>
    /// <exception cref="CommandFailedException">Another one does just now.</exception>
    public static IDisposable Hold(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new FileStream(Path.Combine(folder, "cluster.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"The folder {folder} cannot be used, or another command works on its cluster just now: {failure.Message}");
        }
    }

    /// <exception cref="CommandFailedException">There is none in this folder.</exception>
    public static LocalCluster Open(string folder) =>
        new(folder, ClusterFile.Read(folder) ?? throw new CommandFailedException($"There is no cluster in {folder}: \"{SophiaCommand.Name} cluster up\" makes one."));

    /// <summary>Starts what does not run yet: servers, silos 1 to <paramref name="silos"/>, the front end. What runs goes on as it is.</summary>
    /// <exception cref="CommandFailedException">PostgreSQL or Redis is not installed; a part did not start.</exception>
    /// <param name="program">The folder of another version of Sophia that is to run; null: this one.</param>
    public static async Task<LocalCluster> Up(string folder, int silos, int gpus, string? url, CancellationToken cancellation, string? program = null)
    {
        if (ClusterFile.Read(folder) is not { Frontend.Process.IsAlive: true })
            MustBeFree(url ?? SophiaOptions.DefaultUrl);
        LocalServers.Expect();
        Directory.CreateDirectory(Path.Combine(folder, "logs"));
        Directory.CreateDirectory(Path.Combine(folder, "inbox"));
        var cluster = new LocalCluster(folder, (ClusterFile.Read(folder) ?? ClusterFile.New()).Write(folder));
        var before = cluster.file;
        if (cluster.file.Postgres is not { IsAlive: true })
            cluster.Keep(cluster.file with { Postgres = await LocalServers.StartPostgres(cluster.file, folder, cancellation) });
        await cluster.StartRedis(cancellation);
        await cluster.StartSilos(Math.Max(silos, cluster.file.Silos.Count(silo => silo.Process.IsAlive)), cancellation, number => number <= gpus ? "gpu=gh200" : "gpu=none", program);
        if (cluster.file.Frontend is not { Process.IsAlive: true })
            try
            {
                await cluster.StartFrontend(url, program, cancellation);
            }
            catch (CommandFailedException)
            {
                await cluster.EndAllBut(before, CancellationToken.None);
                throw;
            }
        return cluster;
    }

    // Before anything is started: without its front end nobody reaches a cluster.
    private static void MustBeFree(string url)
    {
        var endpoint = new SophiaOptions { DataFolder = "-", Url = url }.Validated();
        using var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(endpoint);
            probe.Listen(1);
        }
        catch (SocketException taken)
        {
            throw new CommandFailedException($"The front end cannot listen on {url}: {taken.Message}. Perhaps a Sophia of this machine does (\"{SophiaCommand.Name} up\"). Nothing was started; choose another address with --url.", ExitCodes.CannotStart);
        }
    }

    // What nobody reaches is not left running. What ran before goes on.
    private async Task EndAllBut(ClusterFile before, CancellationToken cancellation)
    {
        if (file.Frontend is { } frontend)
            await frontend.Process.Stop(EndsWithin, cancellation);
        var begun = file.Silos.Where(silo => !before.Silos.Any(known => known.Process == silo.Process)).ToList();
        await Task.WhenAll(begun.Select(silo => silo.Process.Stop(EndsWithin, cancellation)));
        if (file.Redis is { } redis && redis != before.Redis)
            await redis.Stop(EndsWithin, cancellation);
        if (file.Postgres is { } postgres && postgres != before.Postgres)
            await postgres.Stop(EndsWithin, cancellation, "INT");
        var rest = begun.Aggregate(file with { Frontend = null }, static (so, silo) => so.Without(silo.Number));
        Keep(rest with { Redis = rest.Redis is { IsAlive: true } ? rest.Redis : null, Postgres = rest.Postgres is { IsAlive: true } ? rest.Postgres : null });
    }

    /// <summary>Starts silos, also those that died, or lets the last ones leave.</summary>
    public async Task Scale(int silos, CancellationToken cancellation)
    {
        ExpectServers();
        foreach (var leaving in file.Silos.Where(silo => silo.Number > silos).Reverse().ToList())
        {
            await leaving.Process.Stop(EndsWithin, cancellation);
            Keep(file.Without(leaving.Number));
        }
        await StartSilos(silos, cancellation);
    }

    // One after the other: the first one makes the schema.
    private async Task StartSilos(int silos, CancellationToken cancellation, Func<int, string>? labels = null, string? program = null)
    {
        for (var number = 1; number <= silos; number++)
        {
            var known = file.Silos.FirstOrDefault(silo => silo.Number == number);
            if (known is not { Process.IsAlive: true })
                await StartSilo(number, known?.Labels ?? labels?.Invoke(number) ?? "gpu=none", known is null ? program : known.Program, cancellation);
        }
    }

    /// <summary>Ends a silo as a power cut would, and returns when it is gone.</summary>
    public async Task Kill(int number, CancellationToken cancellation)
    {
        ExpectServers();
        await Silo(number).Process.Stop(TimeSpan.Zero, cancellation, "KILL");
    }

    /// <summary>Ends Redis as a power cut would. Everything goes on without it; <see cref="StartRedis"/> or "up" brings it back.</summary>
    public async Task KillRedis(CancellationToken cancellation)
    {
        if (file.Redis is not { IsAlive: true } redis)
            throw new CommandFailedException("Redis does not run.");
        await redis.Stop(TimeSpan.Zero, cancellation, "KILL");
    }

    public async Task StartRedis(CancellationToken cancellation)
    {
        if (file.Redis is not { IsAlive: true })
            Keep(file with { Redis = await LocalServers.StartRedis(file, Folder, cancellation) });
    }

    /// <summary>Each silo in turn leaves and comes back.</summary>
    /// <param name="program">As what it comes back: the folder of a program, or null for this one.</param>
    public async Task Roll(Action<int> told, CancellationToken cancellation, string? program = null)
    {
        ExpectServers();
        foreach (var silo in file.Silos.ToList())
        {
            await silo.Process.Stop(EndsWithin, cancellation);
            await StartSilo(silo.Number, silo.Labels, program, cancellation);
            told(silo.Number);
        }
    }

    /// <summary>Starts one more front end on a free port; returns where it serves, and its data folder.</summary>
    public async Task<(string Url, string Folder)> AddFrontend(CancellationToken cancellation, string? program = null)
    {
        var number = file.MoreFrontends.Count + 2;
        var name = $"frontend-{number.ToString(CultureInfo.InvariantCulture)}";
        var said = Said(name);
        var process = StartProgram(name, program, new() { ["SOPHIA_ROLE"] = "frontend", ["SOPHIA_URL"] = "http://127.0.0.1:0" });
        Keep(file with { MoreFrontends = [.. file.MoreFrontends, new LocalMember(number, process, Program: program)] });
        await Serves(name, process, said, cancellation);
        return (HomeFolder.Serving(Path.Combine(Folder, name))!.Url, Path.Combine(Folder, name));
    }

    /// <summary>Ends everything; the data stays.</summary>
    public async Task Down(CancellationToken cancellation)
    {
        foreach (var frontend in file.MoreFrontends.Append(file.Frontend).OfType<LocalMember>())
            await frontend.Process.Stop(EndsWithin, cancellation);
        await Task.WhenAll(file.Silos.Select(silo => silo.Process.Stop(EndsWithin, cancellation)));
        if (file.Redis is { } redis)
            await redis.Stop(EndsWithin, cancellation);
        if (file.Postgres is { } postgres)
            await postgres.Stop(EndsWithin, cancellation, "INT");
        Keep(file with { Frontend = null, MoreFrontends = [], Silos = [], Redis = null, Postgres = null });
    }

    private void ExpectServers()
    {
        if (file.Postgres is not { IsAlive: true })
            throw new CommandFailedException($"The cluster in {Folder} does not run: \"{SophiaCommand.Name} cluster up\" starts it.");
    }

    private LocalMember Silo(int number) =>
        file.Silos.FirstOrDefault(silo => silo.Number == number) is { Process.IsAlive: true } silo ? silo : throw new CommandFailedException($"There is no silo {number} that runs.");

    private async Task StartSilo(int number, string labels, string? program, CancellationToken cancellation)
    {
        var name = $"silo-{number.ToString(CultureInfo.InvariantCulture)}";
        var said = Said(name);
        var process = StartProgram(name, program, new()
        {
            ["SOPHIA_ROLE"] = "silo", ["SOPHIA_URL"] = "http://127.0.0.1:0", ["SOPHIA_SILO_NAME"] = name, ["SOPHIA_SILO_LABELS"] = labels,
            ["SOPHIA_SILO_PORT"] = Port(), ["SOPHIA_GATEWAY_PORT"] = Port(), ["SOPHIA_POSTGRES_OWNER"] = LocalServers.OwnerConnection(file),
        });
        Keep(file.With(new LocalMember(number, process, labels, program)));
        await Serves(name, process, said, cancellation);
    }

    private async Task StartFrontend(string? url, string? program, CancellationToken cancellation)
    {
        var said = Said("frontend");
        var process = StartProgram("frontend", program, new() { ["SOPHIA_ROLE"] = "frontend", ["SOPHIA_URL"] = url ?? SophiaOptions.DefaultUrl });
        Keep(file with { Frontend = new LocalMember(0, process, Program: program) });
        await Serves("frontend", process, said, cancellation, "what was started for it is ended again.");
    }

    private LocalProcess StartProgram(string name, string? program, Dictionary<string, string> environment)
    {
        Directory.CreateDirectory(Path.Combine(Folder, name));
        System.IO.File.Delete(Path.Combine(Folder, name, "instance.json"));
        environment["SOPHIA_HOME"] = Path.Combine(Folder, name);
        environment["SOPHIA_CLUSTER"] = "local";
        environment["SOPHIA_POSTGRES"] = LocalServers.SiloConnection(file);
        environment["SOPHIA_REDIS"] = LocalServers.RedisConnection(file);
        environment["SOPHIA_INBOX"] = Path.Combine(Folder, "inbox");
        environment[SecretBox.Variable] = SecretsKey;
        return LocalProcess.Start(LogOf(name), environment, [.. Program(program ?? AppContext.BaseDirectory), "up"]);
    }

    // One that was installed as a single file is its own host.
    private static string[] Program(string folder) => Path.Combine(folder, "Sophia.dll") is var assembly && System.IO.File.Exists(assembly) ? [Host, "exec", assembly] : [Environment.ProcessPath!];

    // A measuring program may have been started by its own name; then the process is not the host that runs others.
    private static string Host => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath!
        : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";

    /// <param name="said">How long its log was before it began.</param>
    /// <param name="rest">What becomes of everything else where it does not.</param>
    private async Task Serves(string name, LocalProcess process, long said, CancellationToken cancellation, string? rest = null)
    {
        for (var since = Stopwatch.StartNew(); HomeFolder.Serving(Path.Combine(Folder, name))?.ProcessId != process.Id; await Task.Delay(LookEvery, cancellation))
            if (!process.IsAlive || since.Elapsed > StartsWithin)
                throw new CommandFailedException($"{name} did not start: {LastWords(name, said)} ({LogOf(name)} has the rest; {rest ?? $"what ran already goes on, and \"{SophiaCommand.Name} cluster down\" ends it."})", ExitCodes.CannotStart);
    }

    private static string NameOf(LocalMember member) => member.Number == 0 ? "frontend" : string.Create(CultureInfo.InvariantCulture, $"silo-{member.Number}");

    private long Said(string name) => new FileInfo(LogOf(name)) is { Exists: true, Length: var length } ? length : 0;

    // A program that refuses to start says why in its last line.
    private string LastWords(string name, long said)
    {
        using var log = new FileStream(LogOf(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Seek(Math.Min(said, log.Length), SeekOrigin.Begin);
        return new StreamReader(log).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "it said nothing.";
    }

    /// <summary>Where a member's log lines go: silo-1, frontend.</summary>
    public string LogOf(string name) => Path.Combine(Folder, "logs", $"{name}.log");

    private static string Port() => LocalServers.FreePort().ToString(CultureInfo.InvariantCulture);

    private void Keep(ClusterFile next) => file = next.Write(Folder);
}
