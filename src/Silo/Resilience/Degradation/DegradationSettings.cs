using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Hosting;

namespace Sophia.Resilience;

/// <summary>What the environment says of degradation: SOPHIA_DEGRADATION is JSON, or names a file of JSON, with what differs from the shipped rules. Every process of a cluster is told the same.</summary>
internal static class DegradationSettings
{
    public const string Variable = "SOPHIA_DEGRADATION";

    /// <summary>The largest file, in bytes: 256 KiB.</summary>
    private const long MostBytes = 256 * 1024;

    /// <exception cref="StartRefusedException">The file is not there, or something in it cannot be meant.</exception>
    public static Action<DegradationOptions> Read(Func<string, string?> variable)
    {
        if (variable(Variable) is not { Length: > 0 } path)
            return static _ => { };
        var stated = Parse(path);
        var tried = new DegradationOptions();
        Write(stated, tried);
        return tried.Wrong() is { } wrong ? throw new StartRefusedException($"{Variable}: {path}: {wrong}.") : options => Write(stated, options);
    }

    private static StatedDegradation Parse(string path)
    {
        try
        {
            if (path.StartsWith('{'))
                return JsonSerializer.Deserialize(path, StatedDegradationJson.Default.StatedDegradation)!;
            if (new FileInfo(path).Length > MostBytes)
                throw new StartRefusedException($"{Variable}: {path} is larger than {MostBytes / 1024} KiB.");
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), StatedDegradationJson.Default.StatedDegradation) ?? new StatedDegradation();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartRefusedException($"{Variable}: {path}: {failure.Message}");
        }
    }

    private static void Write(StatedDegradation stated, DegradationOptions options)
    {
        options.Rules = stated.Rules ?? options.Rules;
        options.Partial = stated.Partial ?? options.Partial;
        options.Minimal = stated.Minimal ?? options.Minimal;
        options.Emergency = stated.Emergency ?? options.Emergency;
        options.StayFor = Seconds(stated.StayForSeconds) ?? options.StayFor;
        options.StepEvery = Seconds(stated.StepEverySeconds) ?? options.StepEvery;
        options.EvidenceFor = Seconds(stated.EvidenceForSeconds) ?? options.EvidenceFor;
        options.FailuresInARow = stated.FailuresInARow ?? options.FailuresInARow;
        options.TypeFailsFrom = stated.TypeFailsFrom ?? options.TypeFailsFrom;
        options.MinimumRequests = stated.MinimumRequests ?? options.MinimumRequests;
    }

    private static TimeSpan? Seconds(int? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;
}

/// <summary>The file's form: what is left out is as shipped; rules replace all shipped ones.</summary>
internal sealed record StatedDegradation(
    IReadOnlyList<DegradationRule>? Rules = null, DegradationEffects? Partial = null, DegradationEffects? Minimal = null, DegradationEffects? Emergency = null,
    int? StayForSeconds = null, int? StepEverySeconds = null, int? EvidenceForSeconds = null, int? FailuresInARow = null, int? MinimumRequests = null, int? TypeFailsFrom = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(StatedDegradation))]
internal sealed partial class StatedDegradationJson : JsonSerializerContext;
