using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Quality;

/// <summary>Answers for one tenant what its streams look like and what their rules find; the key is the tenant.</summary>
/// <remarks>
/// Tables are read from the log and forgotten with the activation. Accepting is audited before the definition changes: a crash in between leaves an
/// entry of what was decided and no change, and accepting again comes to the same.
/// </remarks>
[InTenantPool]
internal sealed partial class QualityGrain(
    [PersistentState("quality", Stores.Durable)] IPersistentState<QualityState> stored,
    ILogStore log, TimeProvider time, ILogger<QualityGrain> logger) : Grain, IQualityGrain
{
    /// <summary>The fence's owner name.</summary>
    private const string Owner = "quality";

    /// <summary>Findings in one answer.</summary>
    private const int MaxListed = 1_000;

    /// <summary>Suggestions decided on at once.</summary>
    private const int MaxDecided = 200;

    private TenantId tenant;
    private StreamTables tables = null!;
    private Judged? judged;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        tenant = TenantKey.Parse(this.GetPrimaryKeyString()).Tenant;
        tables = new StreamTables(tenant, log, time);
        return Task.CompletedTask;
    }

    public async Task<StreamProfile> Profile(string stream)
    {
        var records = await Known(stream);
        return Profiler.Of((await tables.Of([stream]))[0], records, time.GetUtcNow());
    }

    public async Task<FindingsPage> Findings(FindingsQuery query)
    {
        if (query.Limit is < 1 or > MaxListed || query.From < 0)
            throw new RefusedException(RefusalCode.Invalid, $"limit is 1 to {MaxListed}, from 0 or more.");
        await Known(query.Stream);
        var found = await Judge(query.Stream);
        Finding[] wanted = [.. found.Findings.Where(finding => (query.Rule is null || finding.Rule == query.Rule) && (query.Field is null || finding.Field == query.Field))];
        return new FindingsPage(query.Stream, found.Position, wanted.Length, found.Scores, found.Rules, [.. wanted.Skip(query.From).Take(query.Limit)], found.Unjudged);
    }

    public async Task<IReadOnlyList<Suggestion>> Suggestions(string stream)
    {
        await Known(stream);
        string[] others = [.. (await log.Streams(tenant, default)).Where(other => other.Type == EntryType.Record && other.Stream != stream).Select(other => other.Stream).Order(StringComparer.Ordinal)];
        var read = await tables.Of([stream, .. others]);
        var (rules, _) = await Rules(read[0]);
        var names = rules.SelectMany(stated => stated.Headers).DistinctBy(pair => pair.Value).ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
        var suggested = new RuleSuggester(read[0], field => names.GetValueOrDefault(field, field), [.. read.Skip(1)]).Suggest();
        return [.. suggested.Where(suggestion => !stored.State.Dismissed.Contains($"{stream} {suggestion.Id}") && !rules.Any(stated => stated.Rules.Any(rule => rule.Name == NameOf(suggestion) || Says(rule, suggestion))))];
    }

    public async Task<SuggestionOutcome> Accept(string stream, IReadOnlyList<string> ids, string pipeline, string level, string by)
    {
        if (level is not ("warning" or "error"))
            throw new RefusedException(RefusalCode.Invalid, "level is warning or error.");
        if (!TenantId.IsName(pipeline) || await GrainFactory.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, pipeline)).View() is not { } view)
            throw new RefusedException(RefusalCode.NotFound, $"There is no pipeline \"{pipeline}\".");
        var (chosen, unknown) = await Chosen(stream, ids);
        if (chosen.Count == 0)
            return new SuggestionOutcome(pipeline, view.Version, [], unknown);
        var text = AcceptedText.With(view.DefinitionText, pipeline, stream, chosen, level);
        await Audit(chosen, stream, $"quality: rules accepted into pipeline {pipeline}", $"after version {view.Version}, level {level}", by);
        var defined = await GrainFactory.GetGrain<IPipelineGrain>(TenantKey.Of(tenant, pipeline)).Define(text, $"{pipeline}, with accepted rules");
        LogAccepted(logger, tenant.Value, chosen.Count, stream, pipeline, defined.Version);
        return new SuggestionOutcome(pipeline, defined.Version, [.. chosen.Select(suggestion => suggestion.Id)], unknown);
    }

    public async Task<SuggestionOutcome> Dismiss(string stream, IReadOnlyList<string> ids, string reason, string by)
    {
        var (chosen, unknown) = await Chosen(stream, ids);
        if (chosen.Count > 0)
        {
            await Audit(chosen, stream, "quality: suggestions dismissed", reason, by);
            await stored.CommitAsync(stored.State with { Dismissed = [.. stored.State.Dismissed.Concat(chosen.Select(suggestion => $"{stream} {suggestion.Id}")).TakeLast(QualityState.MaxDismissed)] }, DeactivateOnIdle);
        }
        return new SuggestionOutcome("", 0, [.. chosen.Select(suggestion => suggestion.Id)], unknown);
    }

    public Task Forget()
    {
        tables = new StreamTables(tenant, log, time);
        judged = null;
        return Task.CompletedTask;
    }

    private async Task<long> Known(string stream) =>
        (await log.Streams(tenant, default)).FirstOrDefault(known => known.Type == EntryType.Record && known.Stream == stream) is { } found
            ? found.Records : throw new RefusedException(RefusalCode.NotFound, "There is no such stream of records.");

    private async Task<(IReadOnlyList<Suggestion> Chosen, IReadOnlyList<string> Unknown)> Chosen(string stream, IReadOnlyList<string> ids)
    {
        if (ids.Count is 0 or > MaxDecided)
            throw new RefusedException(RefusalCode.Invalid, $"ids is a list of 1 to {MaxDecided} suggestions.");
        var suggested = await Suggestions(stream);
        return ([.. suggested.Where(suggestion => ids.Contains(suggestion.Id))], [.. ids.Where(id => !suggested.Any(suggestion => suggestion.Id == id))]);
    }

    private async Task<Judged> Judge(string stream)
    {
        var table = (await tables.Of([stream]))[0];
        var (rules, mark) = await Rules(table);
        var targets = rules.SelectMany(stated => stated.Rules).Where(rule => rule.Kind == RuleKind.Reference).Select(rule => rule.Arguments["stream"]).Distinct(StringComparer.Ordinal).ToArray();
        var read = (await tables.Of([stream, .. targets])).ToDictionary(each => each.Stream, StringComparer.Ordinal);
        mark += string.Concat(read.Values.OrderBy(each => each.Stream, StringComparer.Ordinal).Select(each => $" {each.Stream}@{each.Version}"));
        // What depends on the time of day (age, freshness) is asked again after a minute.
        if (judged is { } known && known.Mark == mark && time.GetUtcNow() - known.At < TimeSpan.FromMinutes(1))
            return known;
        var checks = new StreamChecks(table, name => read.GetValueOrDefault(name), time.GetUtcNow());
        foreach (var stated in rules)
            foreach (var rule in stated.Rules)
                checks.Ask(new StatedRule(rule, stated.HeaderOf, stated.Sources[rule]));
        checks.AskHistory();
        return judged = new Judged(mark, time.GetUtcNow(), table.Position, checks.Findings, checks.Counts, checks.Scores(), checks.Unjudged);
    }

    /// <summary>The rules of every pipeline that names the stream or wrote to it, and a mark that changes with them.</summary>
    private async Task<(IReadOnlyList<PipelineRules> Rules, string Mark)> Rules(StreamTable table)
    {
        var rules = new List<PipelineRules>();
        var mark = "";
        foreach (var view in await GrainFactory.Pipelines(tenant))
            if (PipelineDefinitionReader.Read(view.DefinitionText, "definition", view.Name).Definition is { } definition && definition.StreamOf(table.Stream) is { } stream
                && (table.Arrivals.Pipelines.Contains(view.Name) || definition.Streams.Any(named => named.Key != "*" && ReferenceEquals(named.Value, stream))))
            {
                rules.Add(new PipelineRules(stream, definition, view.Version));
                mark += $" {view.Name}:{view.Version}";
            }
        return (rules, mark);
    }

    private static string NameOf(Suggestion suggestion) => System.Text.Json.Nodes.JsonNode.Parse(suggestion.Rule)!["name"]!.GetValue<string>();

    /// <summary>Whether a stated rule asks the same kind of thing of the same field already.</summary>
    private static bool Says(RuleDefinition rule, Suggestion suggestion) =>
        rule.Kind is not (RuleKind.Dependency or RuleKind.Reference) && StreamChecks.Word(rule.Kind) == suggestion.Kind && rule.Field == suggestion.Field;

    private async Task Audit(IReadOnlyList<Suggestion> suggestions, string stream, string what, string why, string by)
    {
        var fence = await log.Acquire(tenant, Owner, default);
        var batch = new AppendBatch { Fence = fence, At = time.GetUtcNow(), Entries = [.. suggestions.Select(suggestion => QualityAudit.Entry(suggestion, stream, what, why, by))] };
        if (await log.Append(tenant, batch, default) is not AppendOutcome.Committed)
            throw Superseded.Refusal("The quality of streams", time);
    }

    [LoggerMessage(EventId = 4110, Level = LogLevel.Information, Message = "Tenant {Tenant}: {Count} rules for {Stream} accepted into pipeline {Pipeline}, now version {Version}")]
    private static partial void LogAccepted(ILogger logger, string tenant, int count, string stream, string pipeline, int version);

    private sealed record Judged(
        string Mark, DateTimeOffset At, long Position, IReadOnlyList<Finding> Findings, IReadOnlyList<RuleCount> Rules, IReadOnlyList<ScoreLine> Scores, IReadOnlyList<string> Unjudged);
}
