using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sophia.Commands;

namespace Sophia.Cluster;

/// <summary>PostgreSQL and Redis of a local cluster, from what is installed, on loopback ports, below the cluster's folder.</summary>
internal static class LocalServers
{
    private const string Owner = "sophia_owner", Silo = "sophia", Database = "sophia";

    /// <summary>Where free ports are looked for: 15,000 up to where Linux begins with those of outgoing connections, 32,768 (the default of ip_local_port_range).</summary>
    private const int FirstPort = 15_000, EndOfPorts = 32_768;

    private static int lastTried = Random.Shared.Next();

    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(1), LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether PostgreSQL is installed.</summary>
    public static bool HasPostgres => PostgresPrograms() is not null;

    public static bool HasRedis => Redis() is not null;

    private static bool IsRoot => Environment.UserName == "root";

    public static string SiloConnection(ClusterFile cluster) => Connection(cluster, Silo);

    public static string OwnerConnection(ClusterFile cluster) => Connection(cluster, Owner);

    public static string RedisConnection(ClusterFile cluster) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{cluster.RedisPort},password={cluster.Password}");

    /// <summary>Says at once all that is missing.</summary>
    /// <exception cref="CommandFailedException">PostgreSQL or Redis is not installed.</exception>
    public static void Expect()
    {
        string?[] missing = [PostgresPrograms() is null ? "PostgreSQL 15 or newer (Debian: apt-get install postgresql)" : null, Redis() is null ? "Redis (Debian: apt-get install redis-server)" : null];
        if (missing.Any(name => name is not null))
            throw new CommandFailedException($"A local cluster needs {string.Join(" and ", missing.Where(name => name is not null))}; not found here.", ExitCodes.CannotStart);
    }

    public static async Task<LocalProcess> StartPostgres(ClusterFile cluster, string folder, CancellationToken cancellation)
    {
        var programs = PostgresPrograms()!;
        var data = Path.Combine(folder, "postgres");
        var isNew = !File.Exists(Path.Combine(data, "PG_VERSION"));
        if (isNew)
            Initialize(programs, data, cluster.Password);
        var process = LocalProcess.Start(Path.Combine(folder, "logs", "postgres.log"), new Dictionary<string, string>(), AsAccount(Path.Combine(programs, "postgres"), "-D", data,
            "-p", Number(cluster.PostgresPort), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=400", "-c", "shared_buffers=256MB"));
        await Answers(process, "PostgreSQL", Path.Combine(folder, "logs", "postgres.log"), () => Try(Path.Combine(programs, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", Number(cluster.PostgresPort)), cancellation);
        if (isNew)
            foreach (var statement in (string[])[$"CREATE ROLE {Owner} LOGIN PASSWORD '{cluster.Password}'", $"CREATE ROLE {Silo} LOGIN PASSWORD '{cluster.Password}'", $"CREATE DATABASE {Database} OWNER {Owner}", $"GRANT CREATE ON DATABASE {Database} TO {Owner}"])
                LocalProcess.Run(new Dictionary<string, string> { ["PGPASSWORD"] = cluster.Password }, Path.Combine(programs, "psql"), "-q", "-h", "127.0.0.1", "-p", Number(cluster.PostgresPort), "-U", "postgres", "-c", statement);
        return process;
    }

    public static async Task<LocalProcess> StartRedis(ClusterFile cluster, string folder, CancellationToken cancellation)
    {
        var data = Path.Combine(folder, "redis");
        Directory.CreateDirectory(data);
        var process = LocalProcess.Start(Path.Combine(folder, "logs", "redis.log"), new Dictionary<string, string>(), Redis()!, "--bind", "127.0.0.1", "--port", Number(cluster.RedisPort), "--dir", data,
            "--requirepass", cluster.Password, "--appendonly", "yes", "--appendfsync", "everysec", "--save", "300", "1", "--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl");
        await Answers(process, "Redis", Path.Combine(folder, "logs", "redis.log"), () => Listens(cluster.RedisPort), cancellation);
        return process;
    }

    /// <summary>A port that nobody listens on. It is none of those that outgoing connections are given, which might take it before its server listens.</summary>
    /// <exception cref="CommandFailedException">A hundred in a row are taken.</exception>
    public static int FreePort()
    {
        for (var tried = 0; tried < 100; tried++)
        {
            var port = FirstPort + (int)((uint)Interlocked.Increment(ref lastTried) % (EndOfPorts - FirstPort));
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
        throw new CommandFailedException(string.Create(CultureInfo.InvariantCulture, $"No port from {FirstPort} to {EndOfPorts - 1} of 127.0.0.1 could be had."), ExitCodes.CannotStart);
    }

    // PostgreSQL refuses to run as root; the package made an account for it.
    private static void Initialize(string programs, string data, string password)
    {
        Directory.CreateDirectory(data);
        var file = Path.Combine(data, "..", "postgres-password");
        File.WriteAllText(file, password);
        try
        {
            if (IsRoot)
                LocalProcess.Run(new Dictionary<string, string>(), "chown", "postgres:", data, file);
            LocalProcess.Run(new Dictionary<string, string>(), AsAccount(Path.Combine(programs, "initdb"), "-D", data, "-U", "postgres", "--pwfile", file, "-A", "scram-sha-256", "-E", "UTF8", "--locale", "C"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task Answers(LocalProcess process, string name, string log, Func<bool> asked, CancellationToken cancellation)
    {
        for (var since = Stopwatch.StartNew(); !asked(); await Task.Delay(LookEvery, cancellation))
            if (!process.IsAlive || since.Elapsed > StartsWithin)
                throw new CommandFailedException($"{name} did not start; {log} says why.", ExitCodes.CannotStart);
    }

    private static string[] AsAccount(params string[] command) => IsRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. command] : command;

    private static string Connection(ClusterFile cluster, string user) =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={cluster.PostgresPort};Database={Database};Username={user};Password={cluster.Password}");

    private static string? PostgresPrograms()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(v => int.TryParse(Path.GetFileName(v), out var n) ? n : 0).Select(v => Path.Combine(v, "bin")) : [];
        return debian.Concat(SearchPath).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")));
    }

    private static string? Redis() => SearchPath.Select(bin => Path.Combine(bin, "redis-server")).FirstOrDefault(File.Exists);

    private static string[] SearchPath => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    private static bool Try(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)))!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static bool Listens(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
