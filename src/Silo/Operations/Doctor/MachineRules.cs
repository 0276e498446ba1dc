using System.Globalization;
using System.Text.RegularExpressions;

namespace Sophia.Operations;

/// <summary>What follows from what was seen of this machine. Pure.</summary>
internal static partial class MachineRules
{
    private const string SdkPage = "https://dotnet.microsoft.com/download/dotnet/10.0";

    /// <param name="sdks">Lines of "dotnet --list-sdks"; null where there is no dotnet.</param>
    /// <param name="runtime">The version of the runtime that this program runs on.</param>
    /// <param name="fromSource">Whether the program is built from a repository here; one that was installed brings what it needs.</param>
    public static DoctorFinding Dotnet(IReadOnlyList<string>? sdks, string runtime, bool fromSource)
    {
        const string why = "Sophia is built with the .NET SDK 10; one that was installed ready-made needs none.";
        var found = sdks is { Count: > 0 } ? $"SDK {string.Join(", ", sdks.Select(line => line.Split(' ')[0]))}; this program runs on .NET {runtime}" : $"no SDK; this program runs on .NET {runtime}";
        if (sdks?.Any(line => line.StartsWith("10.0.", StringComparison.Ordinal)) == true)
            return new(".NET", FindingState.Ok, found, why);
        return fromSource ? new(".NET", FindingState.Missing, found, why, $"Install the .NET SDK 10: {SdkPage}") : new(".NET", FindingState.NotNeeded, found, why);
    }

    /// <param name="runsOn">Whether this program was built on Orleans.</param>
    /// <param name="remembered">What the command found out when it was first built ("Orleans", "InProcess"); null: not yet, or the program was installed ready-made.</param>
    /// <param name="wanted">The settings that ask for Orleans, such as SOPHIA_CLUSTER.</param>
    public static DoctorFinding Orleans(bool runsOn, string? remembered, IReadOnlyList<string> wanted)
    {
        const string why = "Clusters, Redis and Weaviate need the Orleans build; one process does not.";
        if (runsOn)
            return new("Orleans", FindingState.Ok, remembered == "InProcess" ? "this program was built on Orleans (--runtime Orleans)" : "this program was built on Orleans", why);
        var seen = remembered == "InProcess" ? "its packages do not restore or build here; this program runs on InProcess" : "this program runs on InProcess";
        return wanted.Count == 0
            ? new("Orleans", FindingState.NotNeeded, seen, why)
            : new("Orleans", FindingState.Missing, seen, why, $"{string.Join(", ", wanted)} {(wanted.Count == 1 ? "asks" : "ask")} for it: make Microsoft.Orleans.* restorable (in the repository \"./sophia --runtime Orleans status\" shows what fails), or unset {(wanted.Count == 1 ? "it" : "them")}.");
    }

    public static DoctorFinding Room(string place, RoomReading? seen, RoomOptions marks)
    {
        var part = place == IStorageRoom.Inbox ? "disk of dropped files" : "disk";
        const string why = "What is acknowledged is on this disk; when it is nearly full no records or files are taken.";
        if (seen is not { } reading)
            return new(part, FindingState.Warning, "its free space cannot be seen", why, "Look at it yourself: df -h");
        var level = RoomRules.Decide(RoomLevel.Enough, reading, marks);
        var said = RoomRules.Say(place, level, reading, marks);
        return level switch
        {
            RoomLevel.None => new(part, FindingState.Missing, said, why, "Make room, or move the data folder (--data, SOPHIA_HOME); SOPHIA_DISK_REFUSE says when records are refused."),
            RoomLevel.Short => new(part, FindingState.Warning, said, why, "Plan for more room; SOPHIA_DISK_WARN says when this is said."),
            _ => new(part, FindingState.Ok, said, why),
        };
    }

    public static DoctorFinding Folder(FolderSeen seen)
    {
        const string why = "Everything that Sophia remembers is in it, and one process at a time has it.";
        return seen switch
        {
            { NewerVersion: { } version } => new("data folder", FindingState.Missing, $"{seen.Path} is of a newer Sophia (layout {version})", why, "Use that newer Sophia, or another folder (--data, SOPHIA_HOME)."),
            { CannotWrite: { } because } => new("data folder", FindingState.Missing, $"{seen.Path} cannot be written: {because}", why, "Make it writable for this account, or use another folder (--data, SOPHIA_HOME)."),
            { HeldBy: { } holder, Answers: true } => new("data folder", FindingState.Ok, $"{seen.Path}; process {holder} serves it at {seen.ServedAt}", why),
            { HeldBy: { } holder } => new("data folder", FindingState.Warning, $"{seen.Path} is held by process {holder}, which does not answer", why, $"Wait if it starts or stops just now; else look at it (ps -p {holder}) and end it: a second Sophia is refused meanwhile."),
            { Exists: false } => new("data folder", FindingState.Ok, $"{seen.Path} is not there yet and can be made", why),
            _ => new("data folder", FindingState.Ok, $"{seen.Path} is writable and free", why),
        };
    }

    /// <summary>The key that commands of this folder come with.</summary>
    /// <param name="from">Where it stands.</param>
    /// <param name="isThere">Whether one stands there.</param>
    /// <param name="whose">What the Sophia that serves the folder said of it: "owner of default"; null: nothing was asked, or it did not say.</param>
    /// <param name="failed">Why it did not say; null: nothing was asked, or it did.</param>
    public static DoctorFinding Key(string from, bool isThere, string? whose, string? failed)
    {
        const string part = "API key", why = "Commands prove with it who they act for; programs and other machines need one of their own.";
        var own = $"Give one with --key or SOPHIA_KEY: {SophiaCommand.Name} keys issue makes one.";
        return (isThere, whose, failed) switch
        {
            (false, _, _) => new(part, FindingState.Ok, $"{from} is not there yet; the first start makes it", why, own),
            (_, { } who, _) => new(part, FindingState.Ok, $"{from}: {who}", why, own),
            (_, _, { } because) => new(part, FindingState.Warning, $"{from}: the Sophia of this data folder {because}", why, from == KeyVariable ? $"Unset {KeyVariable}, or give it a key that lives: {SophiaCommand.Name} keys lists them." : "Start Sophia anew: it makes a key that works and keeps it there."),
            _ => new(part, FindingState.Ok, $"{from}; nobody serves this folder who could say whether it works", why, own),
        };
    }

    /// <summary>Names a key for commands.</summary>
    public const string KeyVariable = "SOPHIA_KEY";

    /// <param name="what">Who listens there: "pages and REST".</param>
    /// <param name="setting">What says otherwise.</param>
    /// <param name="isFree">Whether it can be bound now.</param>
    /// <param name="by">What of ours listens there, as "the Sophia of this data folder"; null: nothing of ours.</param>
    public static DoctorFinding Port(string what, string setting, string address, bool isFree, string? by)
    {
        var why = $"{what} are served there.";
        return isFree ? new($"address {address}", FindingState.Ok, "free", why)
            : by is not null ? new($"address {address}", FindingState.Ok, $"in use by {by}", why)
            : new($"address {address}", FindingState.Missing, "something else listens there", why, $"Stop it, or say another address: {setting}.");
    }

    /// <param name="postgres">Whether its programs are installed.</param>
    public static DoctorFinding LocalCluster(bool postgres, bool redis, bool orleans)
    {
        var why = $"{SophiaCommand.Name} cluster up runs several silos on this machine with servers of its own.";
        string[] missing = [.. Named(!orleans, "the Orleans build"), .. Named(!postgres, "PostgreSQL 15 or newer (Debian: apt-get install postgresql)"), .. Named(!redis, "Redis (Debian: apt-get install redis-server)")];
        return missing.Length == 0 ? new("local cluster", FindingState.Ok, "PostgreSQL and Redis are installed", why)
            : new("local cluster", FindingState.NotNeeded, $"not here: {string.Join(", ", missing)}", why, "Only where you want one: install what is not here.");
    }

    /// <param name="version">What it says of itself; null where it is not there.</param>
    public static DoctorFinding ForTests(string name, string? version, string whatFor) => version is null
        ? new(name, FindingState.NotNeeded, "not here", $"Only {whatFor} want it, and are skipped without.")
        : new(name, FindingState.Ok, version, $"Only {whatFor} want it.");

    /// <param name="gpu">The label that nvidia-smi's answer gives; null: none.</param>
    /// <param name="present">Whether nvidia-smi is there.</param>
    /// <param name="labelled">The value of gpu= in SOPHIA_SILO_LABELS; null: not said.</param>
    public static DoctorFinding Gpu(bool present, string? gpu, string? labelled)
    {
        const string why = "A silo labels itself with the machine's GPU, and embedding lives on silos so labelled.";
        return (present, gpu, labelled) switch
        {
            (_, { } seen, { } said) when said != seen => new("nvidia-smi", FindingState.Warning, $"it reports {seen}, SOPHIA_SILO_LABELS says gpu={said}", why, "What SOPHIA_SILO_LABELS says counts; leave gpu= out there to use what the machine reports."),
            (_, { } seen, _) => new("nvidia-smi", FindingState.Ok, $"gpu={seen}", why),
            (true, null, _) => new("nvidia-smi", FindingState.Warning, "it is there and names no GPU within 3 s", why, "Run nvidia-smi yourself: the driver may be gone. SOPHIA_SILO_LABELS=gpu=none keeps embedding off this silo."),
            (false, null, { } said) when said != "none" => new("nvidia-smi", FindingState.Warning, $"not here, and SOPHIA_SILO_LABELS says gpu={said}", why, "Nothing where the GPU is reached in another way; else take the label away."),
            _ => new("nvidia-smi", FindingState.NotNeeded, "not here", why),
        };
    }

    /// <summary>A version out of what a program says about itself: "v20.11.1", "Chromium 130.0.6723.91 built on Debian".</summary>
    public static string? VersionIn(string said) => Version().Match(said) is { Success: true } found ? found.Value : null;

    private static IEnumerable<string> Named(bool isMissing, string name) => isMissing ? [name] : [];

    [GeneratedRegex(@"\d+(\.\d+)+", RegexOptions.None, 1000)]
    private static partial Regex Version();
}

/// <summary>What was seen of the data folder.</summary>
internal sealed record FolderSeen(string Path, bool Exists)
{
    /// <summary>Why nothing can be written there; null: it can.</summary>
    public string? CannotWrite { get; init; }

    /// <summary>The layout of a Sophia newer than this; null: it is none.</summary>
    public int? NewerVersion { get; init; }

    /// <summary>The process that has it; null: nobody.</summary>
    public string? HeldBy { get; init; }

    /// <summary>Where that process serves; null: it does not say.</summary>
    public string? ServedAt { get; init; }

    /// <summary>Whether it answers there.</summary>
    public bool Answers { get; init; }
}
