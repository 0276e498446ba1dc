using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Sophia.Resilience;

namespace Sophia.Chat;

/// <summary>Any OpenAI-compatible endpoint, streamed. Before the first word a request is repeated; after it nothing is, because somebody has read it.</summary>
internal sealed partial class OpenAiAnswerModel : IAnswerModel, IDisposable
{
    /// <summary>What its policy and its breaker are called.</summary>
    public const string Dependency = PolicyNames.Model;

    private readonly AnswerModelOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ModelEndpoint endpoint;

    public OpenAiAnswerModel(AnswerModelOptions options, TimeProvider time, IPolicies policies, ILogger<OpenAiAnswerModel> logger)
    {
        (this.options, this.time, this.logger) = (options, time, logger);
        endpoint = new ModelEndpoint(options.Completions, options.Key, policies.OfInstallation(Dependency), time, (failure, attempt) => LogRepeated(logger, options.Name, options.Url.Host, attempt, Told(failure)));
    }

    public string Name => options.Name;

    public async IAsyncEnumerable<string> Answer(AnswerPrompt prompt, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var opened = await Told(() => Open(prompt, cancellation), cancellation);
        for (var piece = opened.First; piece is not null; piece = await Told(() => Next(opened, cancellation), cancellation))
            if (piece.Length > 0)
                yield return piece;
    }

    public void Dispose() => endpoint.Dispose();

    private Task<OpenedAnswer> Open(AnswerPrompt prompt, CancellationToken cancellation) => endpoint.Post(
        () => JsonContent.Create(new CompletionRequest(options.Name, PromptWriter.Messages(prompt, options.PassageLength), true, options.MaxTokens, 0), CompletionJson.Default.CompletionRequest),
        static async (response, token) =>
        {
            var opened = new OpenedAnswer(response);
            try
            {
                await opened.Begin(token);
                return opened;
            }
            catch
            {
                await opened.DisposeAsync();
                throw;
            }
        }, static opened => _ = opened.DisposeAsync().AsTask(), cancellation);

    private async Task<string?> Next(OpenedAnswer opened, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.NextWordWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await opened.Next(either.Token);
        }
        catch (OperationCanceledException e) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new AnswerModelException($"it said nothing for {options.NextWordWithin.TotalSeconds:0.#} seconds", e);
        }
    }

    /// <summary>Whatever the world does, the caller sees one kind of failure whose text can be shown.</summary>
    private async Task<T> Told<T>(Func<Task<T>> step, CancellationToken cancellation)
    {
        try
        {
            return await step();
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is not AnswerModelException && Told(e) is { Length: > 0 } why)
        {
            LogFailed(logger, options.Name, options.Url.Host, why);
            throw new AnswerModelException(why, e);
        }
    }

    private string Told(Exception e) => e is AnswerModelException known ? known.Message : ModelEndpoint.Told(e, "its endpoint", "no first word");

    [LoggerMessage(7101, LogLevel.Warning, "{Model} at {Host} did not answer ({Why}); attempt {Attempt} follows")]
    private static partial void LogRepeated(ILogger logger, string model, string host, int attempt, string why);

    [LoggerMessage(7102, LogLevel.Warning, "{Model} at {Host} failed: {Why}")]
    private static partial void LogFailed(ILogger logger, string model, string host, string why);
}
