using System.Net;
using Sophia.Chat;
using Sophia.Cluster;
using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Postgres;

namespace Sophia.Operations;

/// <summary>Looks at everything that this Sophia, as it is set up here, can want of the machine and of servers, all at once, and says it in one order.</summary>
/// <param name="folder">The data folder.</param>
/// <param name="variable">The environment.</param>
internal sealed class Doctor(string folder, Func<string, string?> variable)
{
    public async Task<Diagnosis> Look(IReadOnlyDictionary<string, string> variables, CancellationToken cancellation)
    {
        using var http = new HttpLook();
        IReadOnlyList<DoctorFinding>[] found = await Task.WhenAll(Machine(), Store(), Postgres(cancellation), Redis(cancellation), Weaviate(http, cancellation), Models(http, cancellation), Extras(), Key(http, cancellation));
        return Diagnosis.Of([.. found.SelectMany(part => part), .. VariableRules.Judge(variables)]);
    }

    private const string Folders = "the Sophia of this data folder";

    private string? Given(string name) => variable(name) is { Length: > 0 } value ? value : null;

    private async Task<IReadOnlyList<DoctorFinding>> Machine()
    {
        var root = Given("SOPHIA_ROOT");
        var runtime = root is null ? null : Path.Combine(root, "artifacts", "runtime");
        var wanted = ((string[])["SOPHIA_CLUSTER", "SOPHIA_REDIS", "SOPHIA_WEAVIATE"]).Where(name => Given(name) is not null).ToList();
        return
        [
            MachineRules.Dotnet(await MachineLook.Said("dotnet", "--list-sdks"), Environment.Version.ToString(), fromSource: root is not null),
            MachineRules.Orleans(SiloRuntime.IsOrleans, runtime is not null && File.Exists(runtime) ? (await File.ReadAllTextAsync(runtime)).Trim() : null, wanted),
        ];
    }

    private async Task<IReadOnlyList<DoctorFinding>> Store()
    {
        var marks = new RoomOptions();
        Tried(() => RoomSettings.Read(marks, variable));
        var seen = await MachineLook.Folder(folder);
        var findings = new List<DoctorFinding> { MachineRules.Room("data", MachineLook.Disk(folder), marks) };
        if (Given("SOPHIA_INBOX") is { } inbox)
            findings.Add(MachineRules.Room(IStorageRoom.Inbox, MachineLook.Disk(inbox), marks));
        findings.Add(MachineRules.Folder(seen));
        findings.AddRange(Ports(seen));
        return findings;
    }

    private async Task<IReadOnlyList<DoctorFinding>> Key(HttpLook http, CancellationToken cancellation)
    {
        var given = Given(MachineRules.KeyVariable);
        var from = given is null ? HomeFolder.CliKeyOf(folder) : MachineRules.KeyVariable;
        if ((given ?? HomeFolder.CliKey(folder)) is not { } key)
            return [MachineRules.Key(from, isThere: false, null, null)];
        var (whose, failed) = await MachineLook.Folder(folder) is { Answers: true, ServedAt: { } url } ? await http.Key(new Uri(url), key, cancellation) : (null, null);
        return [MachineRules.Key(from, isThere: true, whose, failed)];
    }

    private static bool IsAt(string? url, IPEndPoint address) => Uri.TryCreate(url, UriKind.Absolute, out var served) && served.Port == address.Port;

    private IEnumerable<DoctorFinding> Ports(FolderSeen seen)
    {
        if (Address(Given("SOPHIA_URL") ?? SophiaOptions.DefaultUrl) is { Port: not 0 } serves)
            yield return MachineRules.Port("Pages, REST and hub", "--url or SOPHIA_URL", serves.ToString(), MachineLook.IsFree(serves),
                IsAt(seen.ServedAt, serves) ? Folders : IsAt(HomeFolder.Serving(LocalCluster.DefaultFrontend)?.Url, serves) ? $"the local cluster ({SophiaCommand.Name} cluster status)" : null);
        if (Given("SOPHIA_METRICS_URL") is { } metrics && Address(metrics) is { Port: not 0 } scraped)
            yield return MachineRules.Port("Metrics", "SOPHIA_METRICS_URL", scraped.ToString(), MachineLook.IsFree(scraped), seen.HeldBy is null ? null : Folders);
        if (Tried(() => ClusterSettings.Options(variable)) is not { } cluster || Tried(() => (SophiaRole?)ClusterSettings.Role(variable)) is null or SophiaRole.Frontend)
            yield break;
        foreach (var (what, name, port) in ((string, string, int)[])[("Calls of other silos", "SOPHIA_SILO_PORT", cluster.SiloPort), ("Calls of front ends", "SOPHIA_GATEWAY_PORT", cluster.GatewayPort)])
            if (port is >= 1 and <= 65_535)
                yield return MachineRules.Port(what, name, $"{cluster.Address}:{port}", MachineLook.IsFree(new IPEndPoint(cluster.Address, port)), seen.HeldBy is null ? null : Folders);
    }

    private async Task<IReadOnlyList<DoctorFinding>> Postgres(CancellationToken cancellation)
    {
        const string why = "The log lies in SQLite in the data folder; several processes need PostgreSQL.";
        if (Given("SOPHIA_POSTGRES") is not { } connection)
            return [new("PostgreSQL", FindingState.NotNeeded, "SOPHIA_POSTGRES is not set", why)];
        return PostgresLook.Server(connection) is { } server ? ServerRules.Postgres(server, await PostgresLook.At(connection, Given("SOPHIA_POSTGRES_OWNER"), cancellation)) : [];
    }

    private async Task<IReadOnlyList<DoctorFinding>> Redis(CancellationToken cancellation) => Given("SOPHIA_REDIS") is { } settings
        ? ServerRules.Redis(RedisLook.Server(settings), await RedisLook.At(settings, cancellation))
        : [new("Redis", FindingState.NotNeeded, "SOPHIA_REDIS is not set", "Front ends of a cluster share their browsers' keys in it, and silos their cache.")];

    private async Task<IReadOnlyList<DoctorFinding>> Weaviate(HttpLook http, CancellationToken cancellation)
    {
        if (Given("SOPHIA_WEAVIATE") is not { } settings)
            return [new("Weaviate", FindingState.NotNeeded, "SOPHIA_WEAVIATE is not set", "The index lies beside the log.")];
        return Tried(() => WeaviateOptions.Of(settings, Given("SOPHIA_WEAVIATE_KEY"))) is { } options ? ServerRules.Weaviate(options.Url.Authority, await http.Weaviate(options, cancellation)) : [];
    }

    private async Task<IReadOnlyList<DoctorFinding>> Models(HttpLook http, CancellationToken cancellation)
    {
        var findings = new List<DoctorFinding>();
        if (Given(EmbeddingModelOptions.UrlVariable) is null)
            findings.Add(new("embedding model", FindingState.NotNeeded, $"{EmbeddingModelOptions.UrlVariable} is not set", "Vectors are made by rule from words and letters, without a model."));
        else if (Tried(() => EmbeddingModelOptions.FromEnvironment(variable)) is { } embedding)
            foreach (var (name, endpoint) in ((string, EmbeddingEndpoint?)[])[(EmbeddingModelOptions.UrlVariable, embedding.Primary), (EmbeddingModelOptions.SecondaryUrlVariable, embedding.Secondary)])
                if (endpoint is not null)
                    findings.AddRange(ServerRules.Model($"embedding model {endpoint.Url.Authority}", name, "Without it search goes by words alone and says so.", embedding.Dimensions, await http.Embedding(endpoint, embedding.Model, cancellation)));
        if (Given(AnswerModelOptions.UrlVariable) is null)
            findings.Add(new("answer model", FindingState.NotNeeded, $"{AnswerModelOptions.UrlVariable} is not set", "Answers are made of the records' own sentences, without a model."));
        else if (Tried(() => AnswerModelOptions.FromEnvironment(variable)) is { } answers)
            findings.AddRange(ServerRules.Model($"answer model {answers.Url.Authority}", AnswerModelOptions.UrlVariable, "Without it answers are made of the records' own sentences.", null, await http.Answers(answers.Url, answers.Key, answers.Name, cancellation)));
        return findings;
    }

    private async Task<IReadOnlyList<DoctorFinding>> Extras()
    {
        var smi = MachineLook.OnPath("nvidia-smi") is not null;
        var gpu = smi ? await Task.Run(() => HostLabels.DetectGpu(Environment.GetEnvironmentVariable("PATH") ?? "", TimeSpan.FromSeconds(3))) : null;
        var labels = Tried(() => ClusterSettings.Options(name => name == "SOPHIA_CLUSTER" ? "any" : name == "SOPHIA_SILO_LABELS" ? variable(name) : null))?.Labels;
        var chromium = Given("SOPHIA_CHROMIUM") ?? MachineLook.OnPath("chromium");
        return
        [
            MachineRules.Gpu(smi, gpu, labels?.GetValueOrDefault("gpu")),
            MachineRules.LocalCluster(LocalServers.HasPostgres, LocalServers.HasRedis, SiloRuntime.IsOrleans),
            MachineRules.ForTests("Node", Version(await MachineLook.Said("node", "--version")), "tests of the JavaScript client and of accessibility"),
            MachineRules.ForTests("Chromium", chromium is null ? null : Version(await MachineLook.Said(chromium, "--version")), "tests of pages"),
        ];
    }

    private static string? Version(string[]? said) => said is [var first, ..] ? MachineRules.VersionIn(first) : null;

    private static IPEndPoint? Address(string url) => Tried(() => new SophiaOptions { DataFolder = "-", ListenAnywhere = true, Url = url }.Validated());

    // What a reader refuses is told among the variables.
    private static T? Tried<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception refused) when (refused is StartRefusedException or FormatException or ArgumentException or Log.StorageException)
        {
            return default;
        }
    }

    private static void Tried(Action read) => Tried<object?>(() => { read(); return null; });
}
