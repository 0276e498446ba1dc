using System.Diagnostics;
using System.Globalization;

namespace Sophia.Servers;

/// <summary>A PostgreSQL of one test run: made from what is installed, on a loopback port, in a temporary folder; stopped and removed when the process ends.</summary>
/// <remarks>PostgreSQL refuses to run as root; there it runs as the account "postgres", which owns the folder.</remarks>
internal sealed class PostgresServer : IDisposable
{
    public const string Superuser = "postgres";
    private const string Password = "tests-only";
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(1);

    /// <summary>Runs the server until this process closes its input or dies, however it dies; then ends it at once and removes its folder ($0).</summary>
    private const string Watch = """
        trap '' TERM INT HUP
        "$@" </dev/null & server=$!
        cat >/dev/null
        kill -QUIT $server 2>/dev/null; wait $server; rm -rf "$0"
        """;

    private static readonly Lazy<PostgresServer> RelaxedServer = new(() => Started(durable: false));
    private static readonly Lazy<PostgresServer> DurableServer = new(() => Started(durable: true));

    private readonly Process process;

    private PostgresServer(Process process, int port) => (this.process, Port) = (process, port);

    /// <summary>Why there is no server here, or null where there is one.</summary>
    public static string? Missing { get; } = Programs() is null ? "no PostgreSQL" : IsRoot && !HasAccount ? "no account to run PostgreSQL as" : null;

    /// <summary>For all tests that are not about what survives a power loss: it does not wait for the disk.</summary>
    public static PostgresServer Relaxed => RelaxedServer.Value;

    /// <summary>Waits for the disk as PostgreSQL does by default; for measurements.</summary>
    public static PostgresServer Durable => DurableServer.Value;

    public int Port { get; }

    private static bool IsRoot => Environment.UserName == "root";

    private static bool HasAccount => File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal));

    /// <summary>A connection string, without a pool of its own.</summary>
    public string Connection(string database, string user = Superuser, string password = Password) =>
        $"Host=127.0.0.1;Port={Port.ToString(CultureInfo.InvariantCulture)};Database={database};Username={user};Password={password}";

    /// <summary>Stops the server and waits until its folder is gone.</summary>
    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit(10_000);
        process.Dispose();
    }

    private static PostgresServer Started(bool durable)
    {
        var server = Start(durable);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        return server;
    }

    private static PostgresServer Start(bool durable)
    {
        var programs = Programs() ?? throw new InvalidOperationException(Missing);
        var folder = Path.Combine(Path.GetTempPath(), "sophia-postgres-" + Path.GetRandomFileName());
        var data = Path.Combine(folder, "data");
        Directory.CreateDirectory(data);
        File.WriteAllText(Path.Combine(folder, "password"), Password);
        if (IsRoot)
            Run("chown", "-R", "postgres:", folder);
        RunAs(Path.Combine(programs, "initdb"), "-D", data, "-U", Superuser, "--pwfile", Path.Combine(folder, "password"), "-A", "scram-sha-256", "-E", "UTF8", "--locale", "C", "--no-sync");
        var port = LoopbackPort.Free();
        var start = Command("sh", "-c", Watch, folder, Path.Combine(programs, "postgres"), "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            "-c", durable ? "shared_buffers=512MB" : "fsync=off", "-c", "max_wal_size=4GB", "-c", "max_connections=150", "-c", "log_min_messages=fatal");
        start.RedirectStandardError = start.RedirectStandardOutput = start.RedirectStandardInput = true;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ready = Command(Path.Combine(programs, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-t", "30");
        var since = Stopwatch.StartNew();
        while (Code(ready) != 0)
            if (process.HasExited || since.Elapsed > StartsWithin)
                throw new InvalidOperationException($"PostgreSQL did not start on port {port}.");
        return new PostgresServer(process, port);
    }

    /// <summary>The folder with the newest server's programs, or null.</summary>
    private static string? Programs()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(v => int.TryParse(Path.GetFileName(v), out var n) ? n : 0).Select(v => Path.Combine(v, "bin")) : [];
        return debian.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)).FirstOrDefault(bin => IsThere(Path.Combine(bin, "initdb")) && IsThere(Path.Combine(bin, "postgres")));
    }

    private static bool IsThere(string program) => File.Exists(program) && (File.ResolveLinkTarget(program, returnFinalTarget: true)?.Exists ?? true);

    private static ProcessStartInfo Command(string program, params string[] arguments) =>
        IsRoot ? new ProcessStartInfo("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", program, .. arguments]) { WorkingDirectory = "/" } : new ProcessStartInfo(program, arguments);

    private static void RunAs(string program, params string[] arguments) => Expect(Command(program, arguments));

    private static void Run(string program, params string[] arguments) => Expect(new ProcessStartInfo(program, arguments));

    private static void Expect(ProcessStartInfo start)
    {
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{start.FileName} {string.Join(' ', start.ArgumentList)}: {errors} {output.Result}");
    }

    private static int Code(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
