using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Chat;
using Sophia.Hosting;
using Sophia.Knowledge;

namespace Sophia.Resilience;

/// <summary>What the environment says of containment: SOPHIA_CONTAINMENT is JSON, or names a file of JSON, with what differs from the shipped rules. Every process of a cluster is told the same.</summary>
internal static class ContainmentSettings
{
    public const string Variable = "SOPHIA_CONTAINMENT";

    /// <summary>The largest file, in bytes: 256 KiB.</summary>
    private const long MostBytes = 256 * 1024;

    /// <exception cref="StartRefusedException">The file is not there, or something in it cannot be meant.</exception>
    public static Action<ContainmentOptions> Read(Func<string, string?> variable)
    {
        if (variable(Variable) is not { Length: > 0 } path)
            return static _ => { };
        var stated = Parse(path);
        var tried = new ContainmentOptions();
        Write(stated, tried);
        return tried.Wrong() is { } wrong ? throw new StartRefusedException($"{Variable}: {path}: {wrong}.") : options => Write(stated, options);
    }

    /// <summary>What the installation is made of, as it is configured.</summary>
    public static DomainTopology Topology(SophiaOptions options, Func<string, string?> variable)
    {
        var store = options.Postgres is null ? DomainTopology.Sqlite : DomainTopology.Postgres;
        return new DomainTopology
        {
            Log = store, State = store, FastState = options.Redis is null ? store : DomainTopology.Redis, Cache = options.Redis is null ? null : DomainTopology.Redis,
            Index = options.Weaviate is not null ? DomainTopology.Weaviate : options.Cluster is not null ? store : DomainTopology.Sqlite,
            Model = Address(variable(AnswerModelOptions.UrlVariable)), Embedding = Address(variable(EmbeddingModelOptions.UrlVariable)), EmbeddingSecondary = Address(variable(EmbeddingModelOptions.SecondaryUrlVariable)),
        };
    }

    private static string? Address(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? $"{uri.Host}:{uri.Port}" : null;

    private static StatedContainment Parse(string path)
    {
        try
        {
            if (path.StartsWith('{'))
                return JsonSerializer.Deserialize(path, StatedContainmentJson.Default.StatedContainment)!;
            if (new FileInfo(path).Length > MostBytes)
                throw new StartRefusedException($"{Variable}: {path} is larger than {MostBytes / 1024} KiB.");
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), StatedContainmentJson.Default.StatedContainment) ?? new StatedContainment();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartRefusedException($"{Variable}: {path}: {failure.Message}");
        }
    }

    private static void Write(StatedContainment stated, ContainmentOptions options)
    {
        options.Rules = stated.Rules is { } rules ? [.. rules.Select(rule => rule.Rule())] : options.Rules;
        options.ActsByItself = stated.ActsByItself ?? options.ActsByItself;
        options.LookEvery = Seconds(stated.LookEverySeconds) ?? options.LookEvery;
        options.HealFor = Seconds(stated.HealForSeconds) ?? options.HealFor;
        options.HoldFor = Seconds(stated.HoldForSeconds) ?? options.HoldFor;
        options.HoldFactor = stated.HoldFactor ?? options.HoldFactor;
        options.LongestHold = Seconds(stated.LongestHoldSeconds) ?? options.LongestHold;
        options.RelapseWithin = Seconds(stated.RelapseWithinSeconds) ?? options.RelapseWithin;
        options.MostByItself = stated.MostByItself ?? options.MostByItself;
        options.MostTenantsShare = stated.MostTenantsShare ?? options.MostTenantsShare;
        options.QueueWaitsFor = Seconds(stated.QueueWaitsForSeconds) ?? options.QueueWaitsFor;
        options.QueueGivesUp = stated.QueueGivesUp ?? options.QueueGivesUp;
        options.TenantsAtOnce = stated.TenantsAtOnce ?? options.TenantsAtOnce;
    }

    private static TimeSpan? Seconds(int? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;
}

/// <summary>The file's form: what is left out is as shipped; rules replace all shipped ones.</summary>
internal sealed record StatedContainment(
    IReadOnlyList<StatedRule>? Rules = null, bool? ActsByItself = null, int? LookEverySeconds = null, int? HealForSeconds = null, int? HoldForSeconds = null, double? HoldFactor = null, int? LongestHoldSeconds = null,
    int? RelapseWithinSeconds = null, int? MostByItself = null, double? MostTenantsShare = null, int? QueueWaitsForSeconds = null, int? QueueGivesUp = null, int? TenantsAtOnce = null);

/// <summary>One rule; what is left out is as <see cref="ContainmentRule"/> says.</summary>
internal sealed record StatedRule(string Name, DomainKind Kind, ContainmentStrategy Strategy, string? Node = null, ContainmentMode? Mode = null, int? AfterSeconds = null)
{
    public ContainmentRule Rule()
    {
        var rule = new ContainmentRule { Name = Name, Kind = Kind, Strategy = Strategy, Node = Node };
        return rule with { Mode = Mode ?? rule.Mode, AfterSeconds = AfterSeconds ?? rule.AfterSeconds };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(StatedContainment))]
internal sealed partial class StatedContainmentJson : JsonSerializerContext;
