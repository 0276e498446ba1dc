using Sophia.Chat;
using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Resilience;
using Sophia.Security;

namespace Sophia.Operations;

/// <summary>Every variable that Sophia reads, each with whoever reads it, so that a value is judged by the code that will meet it.</summary>
internal static class KnownVariables
{
    /// <summary>Name, and a reader that throws where the value cannot be meant (null: any text will do, or it can only be tried).</summary>
    public static readonly IReadOnlyDictionary<string, Action<Func<string, string?>>?> All = new Dictionary<string, Action<Func<string, string?>>?>(StringComparer.Ordinal)
    {
        ["SOPHIA_HOME"] = null,
        ["SOPHIA_ROOT"] = null,
        ["SOPHIA_KEY"] = variable => Expect(variable("SOPHIA_KEY")!.StartsWith("sophia.", StringComparison.Ordinal), "it is no API key: those begin with sophia."),
        ["SOPHIA_URL"] = variable => new SophiaOptions { DataFolder = "-", ListenAnywhere = true, Url = variable("SOPHIA_URL")! }.Validated(),
        ["SOPHIA_HOSTS"] = null,
        ["SOPHIA_POSTGRES"] = Connection("SOPHIA_POSTGRES"),
        ["SOPHIA_POSTGRES_OWNER"] = Connection("SOPHIA_POSTGRES_OWNER") + Needs("SOPHIA_POSTGRES_OWNER", "SOPHIA_POSTGRES"),
        ["SOPHIA_CLUSTER"] = Cluster("SOPHIA_CLUSTER") + Needs("SOPHIA_CLUSTER", "SOPHIA_POSTGRES"),
        ["SOPHIA_ROLE"] = variable => ClusterSettings.Role(variable),
        ["SOPHIA_SILO_ADDRESS"] = Cluster("SOPHIA_SILO_ADDRESS"),
        ["SOPHIA_SILO_PORT"] = Cluster("SOPHIA_SILO_PORT"),
        ["SOPHIA_GATEWAY_PORT"] = Cluster("SOPHIA_GATEWAY_PORT"),
        ["SOPHIA_SILO_NAME"] = null,
        ["SOPHIA_SILO_LABELS"] = Cluster("SOPHIA_SILO_LABELS"),
        ["SOPHIA_MEMBERSHIP"] = Cluster("SOPHIA_MEMBERSHIP"),
        ["SOPHIA_TRUSTED_PROXIES"] = variable => new SophiaOptions { DataFolder = "-", TrustedProxies = Settings.List(variable("SOPHIA_TRUSTED_PROXIES")) }.Validated(),
        ["SOPHIA_LIMITS"] = variable => LimitSettings.Read(new LimitsOptions(), variable),
        ["SOPHIA_IDEMPOTENCY_REQUIRED"] = variable => new SophiaOptions { DataFolder = "-", IdempotencyRequired = IdempotencySettings.Required(variable("SOPHIA_IDEMPOTENCY_REQUIRED")) }.Validated(),
        ["SOPHIA_IDEMPOTENCY_RETENTION"] = variable => IdempotencySettings.Read(new IdempotencyOptions(), variable),
        ["SOPHIA_QUEUE"] = variable => Queues.QueueSettings.Read(new Queues.QueueOptions(), variable),
        ["SOPHIA_REDIS"] = null,
        ["SOPHIA_SECRETS_KEY"] = variable => SecretBox.Of(variable("SOPHIA_SECRETS_KEY"), "-", shared: true),
        ["SOPHIA_WEAVIATE"] = variable => WeaviateOptions.Of(variable("SOPHIA_WEAVIATE")!, key: null),
        ["SOPHIA_WEAVIATE_KEY"] = Needs("SOPHIA_WEAVIATE_KEY", "SOPHIA_WEAVIATE"),
        ["SOPHIA_INBOX"] = null,
        ["SOPHIA_DISK_WARN"] = Room,
        ["SOPHIA_DISK_REFUSE"] = Room,
        ["SOPHIA_POSTGRES_LIMIT"] = Room,
        ["SOPHIA_METRICS_URL"] = variable => new SophiaOptions { DataFolder = "-", ListenAnywhere = true, MetricsUrl = variable("SOPHIA_METRICS_URL") }.Validated(),
        ["SOPHIA_METRICS_KEY"] = variable => new SophiaOptions { DataFolder = "-", MetricsKey = variable("SOPHIA_METRICS_KEY") }.Validated(),
        ["SOPHIA_LOG"] = variable => Settings.LogLevelOf(variable("SOPHIA_LOG"), default),
        ["SOPHIA_MODEL_URL"] = Answers,
        ["SOPHIA_MODEL_NAME"] = Needs("SOPHIA_MODEL_NAME", "SOPHIA_MODEL_URL"),
        ["SOPHIA_MODEL_KEY"] = Needs("SOPHIA_MODEL_KEY", "SOPHIA_MODEL_URL"),
        ["SOPHIA_EMBEDDING_URL"] = Embedding,
        ["SOPHIA_EMBEDDING_MODEL"] = Needs("SOPHIA_EMBEDDING_MODEL", "SOPHIA_EMBEDDING_URL"),
        ["SOPHIA_EMBEDDING_KEY"] = Needs("SOPHIA_EMBEDDING_KEY", "SOPHIA_EMBEDDING_URL"),
        ["SOPHIA_EMBEDDING_DIMENSIONS"] = Embedding + Needs("SOPHIA_EMBEDDING_DIMENSIONS", "SOPHIA_EMBEDDING_URL"),
        ["SOPHIA_EMBEDDING_SECONDARY_URL"] = Embedding,
        ["SOPHIA_EMBEDDING_SECONDARY_KEY"] = Needs("SOPHIA_EMBEDDING_SECONDARY_KEY", "SOPHIA_EMBEDDING_SECONDARY_URL"),
        ["SOPHIA_EMBEDDING_WEIGHT"] = Search,
        ["SOPHIA_VECTOR_MIB"] = Search,
        ["SOPHIA_VECTORS_EXACT"] = Search,
        ["SOPHIA_WORDS_FROM"] = Search,
        ["SOPHIA_WORDS_MIB"] = Search,
        ["SOPHIA_OPEN_FILES"] = Search,
        ["SOPHIA_BREAKERS"] = variable => Resilience.BreakerSettings.Read(variable),
        [Resilience.PolicySettings.PoliciesVariable] = variable => { Resilience.PolicySettings.Policies(variable); Resilience.PolicySettings.Deadlines(variable); },
        [Resilience.PolicySettings.BulkheadsVariable] = variable => Resilience.PolicySettings.Bulkheads(variable),
        ["SOPHIA_DEGRADATION"] = variable => Resilience.DegradationSettings.Read(variable),
        ["SOPHIA_CONTAINMENT"] = variable => Resilience.ContainmentSettings.Read(variable),
        ["SOPHIA_TENANT_GRACE"] = variable => Tenants.TenantEndSettings.Read(new Tenants.TenantEndOptions(), variable),
        ["SOPHIA_GPU_LABEL"] = Placement,
        ["SOPHIA_GPU_PLACEMENT"] = Placement,
        ["SOPHIA_TENANT_POOLS"] = Placement + Needs("SOPHIA_TENANT_POOLS", "SOPHIA_CLUSTER"),
        ["SOPHIA_SQLITE"] = variable => Expect(variable("SOPHIA_SQLITE") == "bundled", "it is \"bundled\" or not set."),
        ["SOPHIA_DATA"] = null,
        ["SOPHIA_NIGHTLY"] = null,
        ["SOPHIA_SEED"] = null,
        ["SOPHIA_CHROMIUM"] = null,
        ["SOPHIA_WRITE_CONTRACTS"] = null,
        ["SOPHIA_WRITE_GOLDEN"] = null,
    };

    /// <summary>Variables whose values are secrets, or hold one: they are never shown.</summary>
    private static readonly HashSet<string> Secret = ["SOPHIA_KEY", "SOPHIA_POSTGRES", "SOPHIA_POSTGRES_OWNER", "SOPHIA_REDIS", "SOPHIA_SECRETS_KEY", "SOPHIA_WEAVIATE_KEY", "SOPHIA_METRICS_KEY", "SOPHIA_MODEL_KEY", "SOPHIA_EMBEDDING_KEY", "SOPHIA_EMBEDDING_SECONDARY_KEY"];

    /// <summary>Why Sophia would refuse a value, in words that do not hold a secret one; null: she would not.</summary>
    public static string? Refusal(string name, string value, Func<string, string?> all)
    {
        try
        {
            All.GetValueOrDefault(name)?.Invoke(all);
            return null;
        }
        // Readers of several variables refuse each other's faults, too: those are told where they belong.
        catch (Exception refused) when (refused is StartRefusedException or FormatException or ArgumentException or StorageException)
        {
            return Others(refused.Message, name) ? null : Secret.Contains(name) ? refused.Message.Replace(value, "…", StringComparison.Ordinal) : refused.Message;
        }
    }

    private static bool Others(string message, string name) => Named(message).Where(All.ContainsKey).ToList() is { Count: > 0 } named && !named.Contains(name);

    private static IEnumerable<string> Named(string message) => message.Split([' ', '"', '.', ',', ':', ';', '='], StringSplitOptions.RemoveEmptyEntries);

    // One at a time: what is refused does not always say which of them it is.
    private static Action<Func<string, string?>> Cluster(string one) => variable =>
        ClusterSettings.Options(name => name == one ? variable(name) : name == "SOPHIA_CLUSTER" ? "any" : null)!.Validated(new SophiaOptions { DataFolder = "-", Postgres = "-" });

    private static void Room(Func<string, string?> variable) => RoomSettings.Read(new RoomOptions(), variable);

    private static void Placement(Func<string, string?> variable) => PlacementSettings.Read(variable);

    private static void Search(Func<string, string?> variable) => new ServiceCollection().AddSearchSettings(variable);

    private static void Answers(Func<string, string?> variable) => AnswerModelOptions.FromEnvironment(variable);

    private static void Embedding(Func<string, string?> variable) => EmbeddingModelOptions.FromEnvironment(variable);

    private static Action<Func<string, string?>> Connection(string name) => variable =>
    {
        try
        {
            var settings = new Npgsql.NpgsqlConnectionStringBuilder(variable(name));
            Expect(settings is { Host.Length: > 0, Username.Length: > 0, Database.Length: > 0 }, "it must name Host, Username and Database.");
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException && wrong is not StartRefusedException)
        {
            throw new StartRefusedException("it is no connection string: write Host=127.0.0.1;Port=5432;Database=sophia;Username=sophia;Password=…");
        }
    };

    private static Action<Func<string, string?>> Needs(string name, string other) => variable => Expect(variable(name) is not { Length: > 0 } || variable(other) is { Length: > 0 }, $"it counts only with {other}, which is not set: {name} says nothing.");

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds)
            throw new StartRefusedException(otherwise);
    }
}
