using System.CommandLine;
using Sophia.Hosting;
using Sophia.Operations;
using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Commands;

/// <summary>The options that every command takes, and what they make of the environment.</summary>
internal static class Settings
{
    public static readonly Option<string?> Data = new("--data") { Description = $"The data folder. Default: SOPHIA_HOME, else {(SophiaCommand.Name == "sophia" ? "sophia/data in the account's folder for data of programs (~/.local/share)" : "var/data beside the command")}.", Recursive = true };
    public static readonly Option<bool> Json = new("--json") { Description = "Print JSON for programs.", Recursive = true };
    public static readonly Option<string?> Log = new("--log") { Description = "The least severe log line shown: trace, debug, information, warning, error.", Recursive = true };

    public static readonly Option<string?> Key = new("--key") { Description = "The API key to act with. Default: SOPHIA_KEY, else the data folder's own.", Recursive = true };
    public static readonly Option<string?> Tenant = new("--tenant") { Description = "The tenant to act for: whose key is given, or was kept by keys tenant NAME --keep. Default: the key's.", Recursive = true };

    public static IReadOnlyList<Option> All => [Data, Json, Log, Key, Tenant];

    /// <summary>The key that a command acts with, or null for the data folder's own.</summary>
    /// <exception cref="CommandFailedException">The tenant asked for is none, or there is no key of it.</exception>
    public static string? KeyOf(ParseResult parsed, string dataFolder)
    {
        var given = parsed.GetValue(Key) ?? Variable("SOPHIA_KEY");
        if (parsed.GetValue(Tenant) is not { } name)
            return given;
        if (!TenantId.TryParse(name, out var tenant))
            throw new CommandFailedException($"\"{name}\" is no tenant's name: 1 to 63 of a-z, 0-9 and '-'.");
        if (given is not null)
            return given.StartsWith($"sophia.{tenant}.", StringComparison.Ordinal) ? given
                : throw new CommandFailedException($"The key given is not one of tenant {tenant}; a key acts for its own tenant alone.");
        return tenant == RunningSophia.DefaultTenant ? null
            : HomeFolder.KeptKey(dataFolder, tenant) ?? throw new CommandFailedException($"No key of tenant {tenant} is known here. Give one with --key or SOPHIA_KEY; {SophiaCommand.Name} keys tenant {tenant} --keep keeps the one it makes.");
    }

    /// <summary>The options of a Sophia that this command would start by itself, or find running.</summary>
    public static SophiaOptions Options(ParseResult parsed, LogLevel quietAs) => new()
    {
        DataFolder = DataFolder(parsed),
        LogLevel = LogLevelOf(parsed.GetValue(Log) ?? Variable("SOPHIA_LOG"), quietAs),
        Postgres = Variable("SOPHIA_POSTGRES"),
        PostgresOwner = Variable("SOPHIA_POSTGRES_OWNER"),
        Cluster = ClusterSettings.Options(Environment.GetEnvironmentVariable),
        Role = ClusterSettings.Role(Environment.GetEnvironmentVariable),
        Placement = PlacementSettings.Read(Environment.GetEnvironmentVariable),
        Redis = Variable("SOPHIA_REDIS"),
        SecretsKey = Variable(Security.SecretBox.Variable),
        Weaviate = Variable("SOPHIA_WEAVIATE"),
        WeaviateKey = Variable("SOPHIA_WEAVIATE_KEY"),
        InboxFolder = Variable("SOPHIA_INBOX"),
        TrustedProxies = List(Variable("SOPHIA_TRUSTED_PROXIES")),
        IdempotencyRequired = IdempotencySettings.Required(Variable("SOPHIA_IDEMPOTENCY_REQUIRED")),
        MetricsUrl = Variable("SOPHIA_METRICS_URL"),
        MetricsKey = Variable("SOPHIA_METRICS_KEY"),
        Hosts = List(Variable("SOPHIA_HOSTS")),
    };

    public static string DataFolder(ParseResult parsed) => Path.GetFullPath(parsed.GetValue(Data) ?? Variable("SOPHIA_HOME") ?? OwnFolder("data"));

    /// <summary>Where things lie that nobody gave a place: var/NAME in the repository; for a program that was installed, the account's folder for data of programs (~/.local/share/sophia/NAME).</summary>
    public static string OwnFolder(string name)
    {
        if (Variable("SOPHIA_ROOT") is { } root)
            return Path.Combine(root, "var", name);
        var account = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return account.Length > 0 ? Path.Combine(account, "sophia", name) : Path.Combine(Environment.CurrentDirectory, "var", name);
    }

    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    public static string[] List(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    public static LogLevel LogLevelOf(string? word, LogLevel otherwise) => word is null ? otherwise
        : Enum.TryParse<LogLevel>(word, ignoreCase: true, out var level) && !char.IsAsciiDigit(word[0]) ? level
        : throw new StartRefusedException($"\"{word}\" is no log level: write trace, debug, information, warning or error.");
}
