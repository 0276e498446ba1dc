using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;

namespace Sophia.Chat;

/// <summary>Makes the answerer of a conversation from the parts of this process; with no model configured answers are extractive.</summary>
internal sealed class AnswererFactory(ILogStore log, IPassageSearch search, IEnumerable<IAnswerModel> models, WordPool<AnswerWords> words, TimeProvider time, ILoggerFactory loggers, IFeatures? features = null, IHealth? health = null, IPolicies? policies = null, IBulkheads? bulkheads = null)
{
    public IAnswerer Make()
    {
        var answerer = new ChatAnswerer(search, new PassageReader(log), models.FirstOrDefault(), words, loggers.CreateLogger<ChatAnswerer>(), features, health, policies, bulkheads);
        return bulkheads is null ? answerer : new AnswererInTurn(answerer, bulkheads, time);
    }

    /// <summary>A place for the answer to a question that is not stored yet; null where nobody counts them.</summary>
    /// <exception cref="Operations.RefusedException">Busy: no further question is taken now.</exception>
    public AnswerTurn? Turn(Tenants.TenantId tenant) => bulkheads is null ? null : new AnswerTurn(bulkheads, tenant, time);
}

/// <summary>Searches, then lets the model answer from what was found, or chooses sentences of it.</summary>
internal sealed partial class ChatAnswerer(IPassageSearch search, PassageReader reader, IAnswerModel? model, WordPool<AnswerWords> words, ILogger logger, IFeatures? features = null, IHealth? health = null, IPolicies? policies = null, IBulkheads? bulkheads = null) : IAnswerer
{
    public const string Extractive = "extractive";

    /// <summary>The answer model as rules of health know it.</summary>
    public const string Dependency = "model";

    public const string Nothing = "Nothing here answers that.";

    private static readonly ExtractiveOptions Options = new();

    public async IAsyncEnumerable<AnswerStep> Answer(AnswerTask task, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var off = model is null ? null : features?.Of(task.Tenant).WhyOff(Feature.ModelAnswers);
        yield return new AnswerStep.Began(off is not null ? $"{Extractive}: {off}" : model?.Name ?? Extractive);
        var found = await search.Search(task.Tenant, new SearchQuery(task.Question, ChatLimits.Hits, task.Filter), cancellation);
        if (found.Degraded is { } degraded)
            yield return new AnswerStep.Degraded(degraded);
        if (found.Stale is { } stale)
            yield return new AnswerStep.Remembered(stale.Said);
        var passages = await reader.Read(task.Tenant, found.Hits, cancellation);
        if (model is not null && off is null && passages.Count > 0)
        {
            var told = new ModelAnswer(model, task, [.. passages.Take(ChatLimits.ModelPassages)]);
            await foreach (var step in told.Steps(cancellation))
                yield return step;
            if (told.Unavailable is not { } why)
            {
                health?.Worked(null, Dependency);
                yield break;
            }
            health?.Failed(null, Dependency, why.Message);
            if (policies?.OfInstallation(Dependency).Fallback == PolicyFallback.None)
                throw new AnswerFailedException($"{model.Name} did not answer ({why.Message}), and nothing else is to answer in its place.", why);
            LogFellBack(logger, why, model.Name, task.Tenant.Value);
            yield return new AnswerStep.Began($"{Extractive}: {model.Name} did not answer ({why.Message})");
        }
        var rows = ComputedQuestion.Rows(task.Question, task.Filter) is { } query ? await search.Search(task.Tenant, query, cancellation) : null;
        var table = rows is null ? null : await reader.Read(task.Tenant, rows.Hits, cancellation);
        ExtractiveAnswer answer;
        using (bulkheads is null ? default : await bulkheads.Enter(task.Tenant, BulkheadKind.Work, cancellation))
            answer = Extracted(task, passages, found, table);
        if (answer.Unanswered is { } reason)
        {
            yield return new AnswerStep.Said(answer.Table is { } computed ? NotComputed(computed) : Refusal(task.Filter, found), []);
            yield return new AnswerStep.Unanswered(reason, answer.Near);
        }
        foreach (var sentence in answer.Sentences)
            yield return sentence;
    }

    private ExtractiveAnswer Extracted(AnswerTask task, IReadOnlyList<Passage> passages, SearchAnswer found, IReadOnlyList<Passage>? table)
    {
        using var known = words.Lend(); // Each answer would else lead back anew what all answers have words in common.
        return ExtractiveAnswerer.Answer(task.Question, passages, Options, found.Words, table, task.Filter, known.One);
    }

    /// <summary>Says that nothing was found, and where it was looked for.</summary>
    internal static string Refusal(SearchFilter? filter, SearchAnswer found)
    {
        if (found.Head == 0)
            return $"{Nothing} There are no records yet.";
        var where = filter?.Streams is { Count: > 0 } streams ? string.Join(", ", streams) : "all streams";
        var narrowed = filter is null or { Keys: null, Kind: null, Speaker: null, From: null, Until: null, Fields: null } ? "" : " within the filter";
        var late = found.IndexedTo < found.Head ? " Newer records are still on their way into the index." : "";
        var held = found.Matched switch
        {
            0 => "no passage holds any of its words",
            1 => "one passage holds some of its words, not enough of them",
            _ => string.Create(CultureInfo.InvariantCulture, $"{found.Matched:N0} passages hold some of its words, none enough of them"),
        };
        return $"{Nothing} Searched: {where}{narrowed}; {held}.{late}";
    }

    /// <summary>Says that the question would have to be computed, and where its records are.</summary>
    internal static string NotComputed(string stream) =>
        $"Sophia quotes passages; it does not count, add up or compare records, as this would need over {stream}. All of its records: {SophiaCommand.Name} records list {(stream.Contains(' ') ? $"\"{stream}\"" : stream)}, or the page /records?stream={Uri.EscapeDataString(stream)}";

    [LoggerMessage(7003, LogLevel.Warning, "{Model} did not answer for {Tenant}; the answer is extractive")]
    private static partial void LogFellBack(ILogger logger, Exception e, string model, string tenant);
}
