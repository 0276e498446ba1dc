using System.Globalization;
using Sophia.Postgres;

namespace Sophia.Operations;

/// <summary>What follows from what servers said, or from their silence. Pure. Nothing here is given a password or a key.</summary>
internal static class ServerRules
{
    private const int OldestPostgres = 150_000;
    private static readonly Version OldestRedis = new(6, 2), OldestWeaviate = new(1, 32);

    /// <summary>From this difference on moments of two machines confuse who reads them; tokens and leases stand more.</summary>
    public static readonly TimeSpan SkewTold = TimeSpan.FromSeconds(2);

    public static IReadOnlyList<DoctorFinding> Postgres(string server, PostgresSeen seen)
    {
        const string why = "SOPHIA_POSTGRES is set: the log and everything acknowledged are there.";
        var part = $"PostgreSQL {server}";
        if (seen.Failed is { } failure)
            return [new(part, FindingState.Missing, failure, why, "Start it, or correct SOPHIA_POSTGRES (host, port, database, user, password).")];
        var findings = new List<DoctorFinding>
        {
            seen.VersionNumber < OldestPostgres ? new(part, FindingState.Missing, $"version {seen.Version}", why, "Sophia needs PostgreSQL 15 or newer.") : new(part, FindingState.Ok, $"version {seen.Version}, role {seen.Role}", why),
        };
        if (seen.SeesTooMuch)
            findings.Add(new($"{part} role", FindingState.Missing, $"{seen.Role} is a superuser or has BYPASSRLS", "Row-level security keeps tenants apart and does not bind such a role.", "Give SOPHIA_POSTGRES a role that owns nothing, and this one as SOPHIA_POSTGRES_OWNER."));
        if (!seen.HasSchema)
            findings.Add(seen.HasOwner ? new($"{part} schema", FindingState.Ok, "not there yet; SOPHIA_POSTGRES_OWNER makes it at the first start", why)
                : new($"{part} schema", FindingState.Missing, "there is none that this role may use", why, "Set SOPHIA_POSTGRES_OWNER for the first start, so that it is made."));
        if (seen.OwnerFailed is { } owner)
            findings.Add(new($"{part} owner", FindingState.Missing, owner, "SOPHIA_POSTGRES_OWNER makes and migrates the schema at start.", "Correct SOPHIA_POSTGRES_OWNER, or unset it once the schema is there."));
        findings.AddRange(seen.Settings.Where(setting => IsUnsafe(setting.Key, setting.Value)).Select(setting => new DoctorFinding($"{part} {setting.Key}", FindingState.Missing, $"{setting.Key} = {setting.Value}",
            "With it a power cut can take what was acknowledged, or damage the database.", $"Set {setting.Key} = on in postgresql.conf.")));
        if (seen.Settings.TryGetValue("max_connections", out var most) && int.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out var connections) && connections < 46)
            findings.Add(new($"{part} max_connections", FindingState.Warning, $"max_connections = {most}", "Each silo uses up to 36 connections, and the server needs 10 for itself.", "Raise it to 36 for each silo and 10 more."));
        findings.AddRange(Skew(part, seen.Skew));
        return findings;
    }

    public static IReadOnlyList<DoctorFinding> Redis(string server, RedisSeen seen)
    {
        const string why = "SOPHIA_REDIS is set: fast state, the shared cache and browsers' keys are there. Everything goes on without it, slower.";
        var part = $"Redis {server}";
        if (seen.Failed is { } failure)
            return [new(part, FindingState.Missing, failure, why, "Start it, or correct SOPHIA_REDIS (host:port,password=…).")];
        var findings = new List<DoctorFinding>
        {
            Version.TryParse(seen.Version, out var version) && version < OldestRedis ? new(part, FindingState.Warning, $"version {seen.Version}", why, $"Use {OldestRedis} or newer.") : new(part, FindingState.Ok, $"version {seen.Version}", why),
        };
        if (seen.Settings.TryGetValue("maxmemory-policy", out var policy) && policy is not ("volatile-ttl" or "noeviction"))
            findings.Add(new($"{part} maxmemory-policy", FindingState.Warning, $"maxmemory-policy = {policy}", "It may drop fast state where only the cache should go.", "Set maxmemory-policy volatile-ttl (deploy/redis)."));
        if (seen.Settings.TryGetValue("appendonly", out var appends) && appends == "no")
            findings.Add(new($"{part} appendonly", FindingState.Warning, "appendonly = no", "A restart of Redis loses fast state and signs browsers out.", "Set appendonly yes and appendfsync everysec (deploy/redis)."));
        findings.AddRange(Skew(part, seen.Skew));
        return findings;
    }

    public static IReadOnlyList<DoctorFinding> Weaviate(string server, WeaviateSeen seen)
    {
        const string why = "SOPHIA_WEAVIATE is set: the index is there.";
        var part = $"Weaviate {server}";
        if (seen.Failed is { } failure)
            return [new(part, FindingState.Missing, failure, why, "Start it, or correct SOPHIA_WEAVIATE and SOPHIA_WEAVIATE_KEY.")];
        var findings = new List<DoctorFinding>
        {
            Version.TryParse(seen.Version, out var version) && version < OldestWeaviate ? new(part, FindingState.Missing, $"version {seen.Version}", why, $"Sophia needs {OldestWeaviate} or newer.") : new(part, FindingState.Ok, $"version {seen.Version}", why),
        };
        if (!seen.GrpcAnswers)
            findings.Add(new($"{part} gRPC", FindingState.Missing, "its gRPC port does not answer", "Questions and batches go through it.", "Open it, or say another port: SOPHIA_WEAVIATE=…,grpc=50051."));
        findings.AddRange(Skew(part, seen.Skew));
        return findings;
    }

    /// <param name="part">"embedding model gpu1:8080".</param>
    /// <param name="setting">The variable that names it.</param>
    /// <param name="without">What happens where it does not answer.</param>
    /// <param name="wantedDimensions">What SOPHIA_EMBEDDING_DIMENSIONS says, or null.</param>
    public static IReadOnlyList<DoctorFinding> Model(string part, string setting, string without, int? wantedDimensions, ModelSeen seen)
    {
        var why = $"{setting} is set. {without}";
        if (seen.Failed is { } failure)
            return [new(part, FindingState.Missing, failure, why, $"Start it, or correct {setting} and its key.")];
        var answers = new DoctorFinding(part, FindingState.Ok, seen.Dimensions is { } length ? $"answers, vectors of {length}" : seen.Names is { Count: > 0 } names ? $"answers, serves {string.Join(", ", names.Take(3))}" : "answers", why);
        if (seen.Dimensions is { } got && wantedDimensions is { } wanted && got != wanted)
            answers = answers with { State = FindingState.Missing, Do = $"SOPHIA_EMBEDDING_DIMENSIONS says {wanted}: correct it, or the model." };
        else if (seen.Names is { Count: > 0 } served && seen.Wanted is { } name && !served.Contains(name, StringComparer.Ordinal))
            answers = answers with { State = FindingState.Warning, Do = $"It does not list \"{name}\": see whether the name is right." };
        return [answers, .. Skew(part, seen.Skew)];
    }

    private static IEnumerable<DoctorFinding> Skew(string part, TimeSpan? skew) => skew is { } off && off.Duration() >= SkewTold
        ? [new($"{part} clock", FindingState.Warning, string.Create(CultureInfo.InvariantCulture, $"its clock is {off.Duration().TotalSeconds:0.#} s {(off > TimeSpan.Zero ? "ahead of" : "behind")} this machine's"),
            "Moments of records, audit and leases come from several machines.", "Let all machines follow one time server (chrony, systemd-timesyncd).")]
        : [];

    private static bool IsUnsafe(string setting, string value) => setting is "fsync" or "full_page_writes" && value == "off";
}

internal sealed record RedisSeen(string? Failed = null, string Version = "", TimeSpan? Skew = null)
{
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

internal sealed record WeaviateSeen(string? Failed = null, string Version = "", bool GrpcAnswers = false, TimeSpan? Skew = null);

/// <param name="Names">Models that it lists; null where it does not say.</param>
/// <param name="Wanted">The model that is configured.</param>
internal sealed record ModelSeen(string? Failed = null, int? Dimensions = null, IReadOnlyList<string>? Names = null, string? Wanted = null, TimeSpan? Skew = null);
