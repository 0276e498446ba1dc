using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Sophia.Chat;
using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Quality;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>A Sophia over a folder of its own, which ends with it.</summary>
internal sealed class ScratchSophia : IAsyncDisposable
{
    private static readonly TimeSpan IndexedWithin = TimeSpan.FromMinutes(20);

    /// <summary>How long a question waits for its vector: figures are of the ranking, and not of how fast the machine is.</summary>
    private static readonly TimeSpan EmbedWithin = TimeSpan.FromMinutes(2);

    /// <summary>Of reciprocal ranks.</summary>
    private const double UsualConstant = 60;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly string root;
    private readonly RunningSophia sophia;

    private ScratchSophia(string root, RunningSophia sophia) => (this.root, this.sophia) = (root, sophia);

    /// <summary>Where files can be made for it to read.</summary>
    public string Files => Path.Combine(root, "files");

    private IGrainFactory Grains => sophia.Services.GetRequiredService<IGrainFactory>();

    public static async Task<ScratchSophia> Start(ParseResult parsed, CancellationToken cancellation)
    {
        var root = Directory.CreateTempSubdirectory("sophia-eval-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "files"));
        var options = Settings.Options(parsed, quietAs: LogLevel.Warning) with { DataFolder = Path.Combine(root, "data"), Url = "http://127.0.0.1:0", Postgres = null, PostgresOwner = null };
        return new ScratchSophia(root, await RunningSophia.Start(options, announce: false, Patient, cancellation));
    }

    private static void Patient(WebApplicationBuilder builder)
    {
        var stated = builder.Services.LastOrDefault(service => service.ServiceType == typeof(IOptions<RankingOptions>))?.ImplementationInstance as IOptions<RankingOptions>;
        builder.Services.AddSingleton(Options.Create((stated?.Value ?? RankingOptions.Default) with { EmbedWithin = EmbedWithin }));
    }

    /// <summary>Runs a pipeline over a file or folder, waits until all of it is searchable, and says on standard error how long that took.</summary>
    /// <param name="key">The field that names a record, or null.</param>
    /// <exception cref="CommandFailedException">The run failed, or something of it was held back or unreadable.</exception>
    public async Task Ingest(string path, string? key, CancellationToken cancellation, string name = "eval")
    {
        using var _ = CallerContext.For(RunningSophia.DefaultTenant);
        var began = TimeProvider.System.GetTimestamp();
        var pipeline = Grains.GetGrain<IPipelineGrain>(TenantKey.Of(RunningSophia.DefaultTenant, name));
        await pipeline.Define($"name: {name}\nsources:\n  - type: files\n    path: {JsonSerializer.Serialize(path, EdgeJson.Default.String)}\n{(key is null ? "" : $"    key: {key}\n")}", "eval");
        var run = await pipeline.Start(new StartRun(Reason: "eval"));
        while (run is { EndedAt: null })
        {
            await Task.Delay(LookEvery, cancellation);
            run = await pipeline.Run(run.RunId);
        }
        if (run is not { State: RunState.Succeeded, Counts: { Quarantined: 0, Unreadable: 0 } })
            throw new CommandFailedException($"The set could not be ingested whole: {run?.State}, {run?.Counts.Quarantined} held back, {run?.Counts.Unreadable} unreadable. {run?.Error}");
        var head = await sophia.Services.GetRequiredService<ILogStore>().Head(RunningSophia.DefaultTenant, cancellation);
        await Grains.GetGrain<IProjectionGrain>(TenantKey.Of(RunningSophia.DefaultTenant, Projections.Index)).WaitFor(head, IndexedWithin, cancellation);
        var searchable = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var vectors = Grains.GetGrain<IProjectionGrain>(TenantKey.Of(RunningSophia.DefaultTenant, Projections.Vectors));
        await vectors.WaitFor((await vectors.View()).Head, IndexedWithin, cancellation);
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{head:N0} records ({run.Counts.Bytes / 1e6:0.0} MB) read, stored and searchable after {searchable:0.0} s, by vectors after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s"));
    }

    /// <summary>Defines a pipeline, runs it, and names the one stream that it filled.</summary>
    /// <exception cref="CommandFailedException">The run failed, or something was held back or unreadable.</exception>
    public async Task<string> Fill(string name, string definition, CancellationToken cancellation)
    {
        using var _ = CallerContext.For(RunningSophia.DefaultTenant);
        var pipeline = Grains.GetGrain<IPipelineGrain>(TenantKey.Of(RunningSophia.DefaultTenant, name));
        await pipeline.Define(definition, name);
        var run = await pipeline.Start(new StartRun(Reason: "eval"));
        while (run is { EndedAt: null })
        {
            await Task.Delay(LookEvery, cancellation);
            run = await pipeline.Run(run.RunId);
        }
        if (run is not { State: RunState.Succeeded, Counts: { Quarantined: 0, Unreadable: 0 } })
            throw new CommandFailedException($"The set could not be ingested whole: {run?.State}, {run?.Counts.Quarantined} held back, {run?.Counts.Unreadable} unreadable. {run?.Error}");
        return (await Grains.GetGrain<IRecordsGrain>(TenantKey.Of(RunningSophia.DefaultTenant)).Streams()).Single().Stream;
    }

    public async Task Define(string name, string definition)
    {
        using var _ = CallerContext.For(RunningSophia.DefaultTenant);
        await Grains.GetGrain<IPipelineGrain>(TenantKey.Of(RunningSophia.DefaultTenant, name)).Define(definition, name);
    }

    /// <summary>Switches on every rule that is suggested, as a person would who believed them all.</summary>
    public async Task AcceptAll(string stream, string pipeline)
    {
        using var _ = CallerContext.For(RunningSophia.DefaultTenant);
        var quality = Grains.GetGrain<IQualityGrain>(TenantKey.Of(RunningSophia.DefaultTenant));
        if (await quality.Suggestions(stream) is { Count: > 0 } suggested)
            await quality.Accept(stream, [.. suggested.Select(suggestion => suggestion.Id)], pipeline, "warning", "eval");
    }

    /// <summary>Everything that the rules find in a stream.</summary>
    public async Task<IReadOnlyList<Finding>> Findings(string stream, int page)
    {
        using var _ = CallerContext.For(RunningSophia.DefaultTenant);
        var quality = Grains.GetGrain<IQualityGrain>(TenantKey.Of(RunningSophia.DefaultTenant));
        var found = new List<Finding>();
        while (await quality.Findings(new FindingsQuery(stream, From: found.Count, Limit: page)) is { Items.Count: > 0 } next)
            found.AddRange(next.Items);
        return found;
    }

    /// <summary>The search that users have, or one over the same index that ranks by plain BM25.</summary>
    public Searcher SearcherOf(string mode)
    {
        if (mode != "sophia")
        {
            var engine = new SearchEngine(sophia.Services.GetRequiredService<IIndexStore>(), sophia.Services.GetRequiredService<ILogStore>(), TimeProvider.System, tenant => new GrainEmbedder(tenant, Grains));
            var options = mode switch
            {
                "words" => RankingOptions.Default with { MeaningWeight = 0, RescueWeight = 0 },
                "vectors" => RankingOptions.VectorsAlone,
                "hybrid" => RankingOptions.Default with { MeaningWeight = 1 },
                "rrf" => RankingOptions.Default with { MeaningWeight = 1, ReciprocalRank = UsualConstant },
                "rrf-default" => RankingOptions.Default with { ReciprocalRank = UsualConstant },
                _ => RankingOptions.PlainBm25,
            };
            return (query, cancellation) => engine.Search(RunningSophia.DefaultTenant, query, options with { EmbedWithin = EmbedWithin }, cancellation);
        }
        return async (query, cancellation) =>
        {
            using var _ = CallerContext.For(RunningSophia.DefaultTenant);
            return await Grains.GetGrain<ISearchGrain>(TenantKey.Of(RunningSophia.DefaultTenant)).Search(query, cancellation);
        };
    }

    /// <summary>What the answerer makes of a question without a model.</summary>
    public async Task<ExtractiveAnswer> Answer(string question, SearchFilter? filter, CancellationToken cancellation)
    {
        var found = await SearcherOf("sophia")(new SearchQuery(question, ChatLimits.Hits, filter), cancellation);
        var reader = new Chat.PassageReader(sophia.Services.GetRequiredService<ILogStore>());
        var passages = await reader.Read(RunningSophia.DefaultTenant, found.Hits, cancellation);
        var rows = ComputedQuestion.Rows(question, filter) is { } query ? await reader.Read(RunningSophia.DefaultTenant, (await SearcherOf("sophia")(query, cancellation)).Hits, cancellation) : null;
        return ExtractiveAnswerer.Answer(question, passages, new ExtractiveOptions(), found.Words, rows, filter);
    }

    public async ValueTask DisposeAsync()
    {
        await sophia.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }
}
