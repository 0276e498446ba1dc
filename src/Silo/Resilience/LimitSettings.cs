using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Sophia.Commands;
using Sophia.Hosting;

namespace Sophia.Resilience;

/// <summary>What the environment says of limits, SOPHIA_LIMITS: a list of token buckets like api=1000/s+2000,api-key=100/s, each a rate a second, a minute or an hour and perhaps a burst (default: what flows in a second, one at
/// least); or JSON, or the name of a file of JSON, with limits of every kind. Every process of a cluster is told the same.</summary>
internal static partial class LimitSettings
{
    public const string Variable = "SOPHIA_LIMITS";

    /// <summary>The largest file, in bytes: 256 KiB.</summary>
    private const long MostBytes = 256 * 1024;

    /// <summary>What the list can limit.</summary>
    private static readonly Dictionary<string, LimitPer> Known = new(StringComparer.Ordinal)
    {
        ["api"] = LimitPer.Tenant, ["api-key"] = LimitPer.Key, ["api-route"] = LimitPer.Route, ["api-address"] = LimitPer.Address, ["api-all"] = LimitPer.Installation,
    };

    /// <param name="isAlone">As <see cref="LimitsOptions.IsAlone"/> has it.</param>
    /// <exception cref="StartRefusedException">The value cannot be meant.</exception>
    public static void Read(LimitsOptions options, Func<string, string?> variable, bool isAlone = false)
    {
        options.IsAlone = isAlone;
        if (variable(Variable) is not { Length: > 0 } text)
            return;
        if (text.StartsWith('{') || text.StartsWith('/') || text.EndsWith(".json", StringComparison.Ordinal))
            Write(Parse(text), options);
        else
            foreach (var one in Settings.List(text))
                options.Policies.Add(OfList(one));
        if (options.Wrong() is { } wrong)
            throw new StartRefusedException($"{Variable}: {wrong}.");
    }

    private static LimitPolicy OfList(string text)
    {
        var limit = Limit().Match(text);
        if (!limit.Success || !Known.TryGetValue(limit.Groups["name"].Value, out var per) || Number(limit.Groups["rate"]) == 0)
            throw new StartRefusedException($"\"{text}\" is no limit: {Variable} is a list like api=1000/s+2000,api-key=100/s, of {string.Join(", ", Known.Keys)}, with s, min or h; or JSON, or a file of JSON.");
        return new LimitPolicy
        {
            Name = limit.Groups["name"].Value, Per = per, Limit = Number(limit.Groups["rate"]), Window = TimeSpan.FromSeconds(limit.Groups["unit"].Value switch { "s" => 1, "min" => 60, _ => 3_600 }),
            Burst = limit.Groups["burst"].Success ? Number(limit.Groups["burst"]) : null,
        };
    }

    private static StatedLimits Parse(string text)
    {
        try
        {
            if (text.StartsWith('{'))
                return JsonSerializer.Deserialize(text, StatedLimitsJson.Default.StatedLimits)!;
            if (new FileInfo(text).Length > MostBytes)
                throw new StartRefusedException($"{Variable}: {text} is larger than {MostBytes / 1024} KiB.");
            return JsonSerializer.Deserialize(File.ReadAllBytes(text), StatedLimitsJson.Default.StatedLimits) ?? new StatedLimits();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartRefusedException($"{Variable}: {(text.StartsWith('{') ? "" : $"{text}: ")}{failure.Message}");
        }
    }

    private static void Write(StatedLimits stated, LimitsOptions options)
    {
        options.Policies.AddRange((stated.Limits ?? []).Select(static one => new LimitPolicy
        {
            Name = one.Name ?? "", Resource = one.Resource ?? "api", Per = one.Per ?? LimitPer.Tenant, Routes = one.Routes ?? [], Algorithm = one.Algorithm ?? LimitAlgorithm.TokenBucket,
            Limit = one.Limit ?? (one.Algorithm is LimitAlgorithm.Aimd or LimitAlgorithm.Gradient2 ? one.MinLimit ?? 20 : 0), Window = Span(one.WindowSeconds ?? 1), Burst = one.Burst,
            MinLimit = one.MinLimit ?? 20, MaxLimit = one.MaxLimit ?? 200, Exact = one.Exact, Penalties = one.Penalties ?? true,
        }));
        if (stated.Penalties is not { } penalties)
            return;
        var usual = new PenaltyRules();
        options.Penalties = usual with
        {
            Free = penalties.Free ?? usual.Free, BannedAfter = penalties.BannedAfter ?? usual.BannedAfter, FirstWait = Span(penalties.FirstWaitSeconds) ?? usual.FirstWait, LongestWait = Span(penalties.LongestWaitSeconds) ?? usual.LongestWait,
            FirstBan = Span(penalties.FirstBanSeconds) ?? usual.FirstBan, LongestBan = Span(penalties.LongestBanSeconds) ?? usual.LongestBan, ForgetOneEvery = Span(penalties.ForgetOneEverySeconds) ?? usual.ForgetOneEvery,
        };
    }

    private static TimeSpan? Span(double? seconds) => seconds is { } given ? Span(given) : null;

    // What is no time at all is refused with the limit that it belongs to.
    private static TimeSpan Span(double seconds) => seconds is > 0 and < 1e8 ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<name>[a-z-]+)=(?<rate>\d{1,10})/(?<unit>s|min|h)(\+(?<burst>\d{1,10}))?$", RegexOptions.None, 1000)]
    private static partial Regex Limit();
}

/// <summary>The file's form; what is left out is as <see cref="LimitPolicy"/> and <see cref="PenaltyRules"/> have it.</summary>
internal sealed record StatedLimits(IReadOnlyList<StatedLimit>? Limits = null, StatedPenalties? Penalties = null);

internal sealed record StatedLimit(
    string? Name = null, string? Resource = null, LimitPer? Per = null, IReadOnlyList<string>? Routes = null, LimitAlgorithm? Algorithm = null, double? Limit = null, double? WindowSeconds = null, double? Burst = null,
    int? MinLimit = null, int? MaxLimit = null, bool Exact = false, bool? Penalties = null);

internal sealed record StatedPenalties(
    int? Free = null, int? BannedAfter = null, double? FirstWaitSeconds = null, double? LongestWaitSeconds = null, double? FirstBanSeconds = null, double? LongestBanSeconds = null, double? ForgetOneEverySeconds = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(StatedLimits))]
internal sealed partial class StatedLimitsJson : JsonSerializerContext;
