using System.CommandLine;
using Sophia.Hosting;

namespace Sophia.Commands;

/// <summary>The options that every command takes, and what they make of the environment.</summary>
internal static class Settings
{
    public static readonly Option<string?> Data = new("--data") { Description = "The data folder. Default: SOPHIA_HOME, else var/data beside the command.", Recursive = true };
    public static readonly Option<bool> Json = new("--json") { Description = "Print JSON for programs.", Recursive = true };
    public static readonly Option<string?> Log = new("--log") { Description = "The least severe log line shown: trace, debug, information, warning, error.", Recursive = true };

    public static IReadOnlyList<Option> All => [Data, Json, Log];

    /// <summary>The options of a Sophia that this command would start by itself, or find running.</summary>
    public static SophiaOptions Options(ParseResult parsed, LogLevel quietAs) => new()
    {
        DataFolder = Path.GetFullPath(parsed.GetValue(Data) ?? Variable("SOPHIA_HOME") ?? Path.Combine(Variable("SOPHIA_ROOT") ?? Environment.CurrentDirectory, "var", "data")),
        LogLevel = LogLevelOf(parsed.GetValue(Log) ?? Variable("SOPHIA_LOG"), quietAs),
        Postgres = Variable("SOPHIA_POSTGRES"),
        PostgresOwner = Variable("SOPHIA_POSTGRES_OWNER"),
        Cluster = ClusterSettings.Options(),
        Role = ClusterSettings.Role(),
        Redis = Variable("SOPHIA_REDIS"),
        InboxFolder = Variable("SOPHIA_INBOX"),
        TrustedProxies = Variable("SOPHIA_TRUSTED_PROXIES")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
        MetricsUrl = Variable("SOPHIA_METRICS_URL"),
        MetricsKey = Variable("SOPHIA_METRICS_KEY"),
        Hosts = Variable("SOPHIA_HOSTS")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
    };

    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static LogLevel LogLevelOf(string? word, LogLevel otherwise) => word is null ? otherwise
        : Enum.TryParse<LogLevel>(word, ignoreCase: true, out var level) && !char.IsAsciiDigit(word[0]) ? level
        : throw new StartRefusedException($"\"{word}\" is no log level: write trace, debug, information, warning or error.");
}
