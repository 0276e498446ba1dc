using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>Gathers the texts of all embedding grains of a silo into requests that a GPU is worth: while one is under way the next one fills.</summary>
/// <remarks>
/// A request goes when none is under way, when it is full, or when its oldest text has waited <see cref="MicroBatchingOptions.MaxDelay"/>, and fewer than
/// <see cref="MicroBatchingOptions.MaxRequests"/> are under way; while none may go, the next one fills. Tenants take turns within a request
/// (<see cref="WaitingTexts"/>). Where the model refuses a request for its texts, its halves are asked for, until the text at fault stands alone:
/// the others are not harmed. Where the model cannot be reached nothing is asked again here (the connector did), and every call concerned is refused as Busy.
/// Requests are sent from a loop of its own, never in a grain's turn.
/// </remarks>
internal sealed partial class MicroBatcher(
    IEmbeddingGenerator<string, Embedding<float>> embedder, IOptions<MicroBatchingOptions> options, TimeProvider time, ILogger<MicroBatcher> logger) : BackgroundService, ITextEmbedding
{
    /// <summary>Of the way in which a text is prepared for a model: cut to <see cref="MicroBatchingOptions.MaxTextCharacters"/>.</summary>
    private const int PreparationVersion = 1;

    private readonly Lock gate = new();
    private readonly WaitingTexts waiting = new();
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly HashSet<EmbeddingAsk> open = [];
    private ITimer? timer;
    private int underWay;
    private bool stopped;

    public async Task<EmbeddedTexts> Embed(TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var ask = new EmbeddingAsk(texts.Select(Prepared).ToArray(), time.GetTimestamp());
        Enqueue(tenant, ask);
        wake.Writer.TryWrite(true);
        try
        {
            await using var _ = cancellation.Register(() => ask.GiveUp(cancellation));
            return await ask.Answer;
        }
        finally
        {
            lock (gate)
                open.Remove(ask);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var own = timer = time.CreateTimer(_ => wake.Writer.TryWrite(true), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            await foreach (var woken in wake.Reader.ReadAllAsync(stoppingToken))
                while (Next() is { Count: > 0 } batch)
                    _ = SendAndFree(batch, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            Close();
        }
    }

    private string Prepared(string text) => Operations.TextEnd.Cut(text, options.Value.MaxTextCharacters);

    private void Enqueue(TenantId tenant, EmbeddingAsk ask)
    {
        lock (gate)
        {
            if (stopped)
                throw Stopping();
            if (waiting.Count + ask.Texts.Count > options.Value.MaxWaiting || waiting.CountOf(tenant) + ask.Texts.Count > options.Value.MaxWaitingOfTenant)
                throw new RefusedException(RefusalCode.Busy, $"{waiting.CountOf(tenant):N0} texts of this tenant wait to be embedded; its silo has no room for {ask.Texts.Count:N0} more.");
            open.Add(ask);
            for (var place = 0; place < ask.Texts.Count; place++)
                waiting.Add(tenant, new WaitingText(ask, place));
        }
    }

    /// <summary>The next request; null where none is to go yet. Where only time is missing, the timer is set.</summary>
    private List<WaitingText>? Next()
    {
        lock (gate)
        {
            if (underWay >= options.Value.MaxRequests || waiting.Oldest is not { } oldest)
                return null;
            var left = options.Value.MaxDelay - time.GetElapsedTime(oldest);
            if (underWay > 0 && left > TimeSpan.Zero && waiting.Count < options.Value.MaxTexts && waiting.Characters < options.Value.MaxCharacters)
            {
                timer!.Change(left, Timeout.InfiniteTimeSpan);
                return null;
            }
            var batch = waiting.Take(options.Value.MaxTexts, options.Value.MaxCharacters);
            underWay += batch.Count > 0 ? 1 : 0;
            return batch;
        }
    }

    private async Task SendAndFree(List<WaitingText> batch, CancellationToken cancellation)
    {
        await Send(batch, cancellation);
        lock (gate)
            underWay--;
        wake.Writer.TryWrite(true);
    }

    private async Task Send(List<WaitingText> asked, CancellationToken cancellation)
    {
        // Halves come late: by then their callers may have gone.
        var batch = asked.FindAll(text => !text.Ask.IsOver);
        if (batch.Count == 0)
            return;
        try
        {
            var made = await embedder.GenerateAsync(batch.ConvertAll(text => text.Text), cancellationToken: cancellation);
            if (made.Count != batch.Count)
                throw new EmbedderException($"it made {made.Count} vectors of {batch.Count} texts", isOfTheTexts: false);
            var id = IdOf(made[0]);
            for (var place = 0; place < batch.Count; place++)
                batch[place].Ask.Give(batch[place].Place, id, made[place].Vector);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            batch.ForEach(text => text.Ask.Fail(Stopping()));
        }
        catch (Exception failure) when (failure is not EmbedderException { IsOfTheTexts: false })
        {
            await Split(batch, failure, cancellation);
        }
        catch (EmbedderException failure)
        {
            batch.ForEach(text => text.Ask.Fail(new RefusedException(RefusalCode.Busy, $"The embedding model does not answer: {failure.Message}.")));
        }
    }

    private async Task Split(List<WaitingText> batch, Exception failure, CancellationToken cancellation)
    {
        if (batch.Count == 1)
        {
            LogRefused(logger, failure);
            batch[0].Ask.Refuse(batch[0].Place, failure is EmbedderException ? failure.Message : $"the embedder failed ({failure.GetType().Name})");
            return;
        }
        var half = batch.Count / 2;
        await Send(batch[..half], cancellation);
        await Send(batch[half..], cancellation);
    }

    private EmbedderId IdOf(Embedding<float> made) => (EmbedderId?)embedder.GetService(typeof(EmbedderId))
        ?? new EmbedderId(((EmbeddingGeneratorMetadata?)embedder.GetService(typeof(EmbeddingGeneratorMetadata)))?.DefaultModelId ?? made.ModelId ?? "unnamed", PreparationVersion, made.Vector.Length);

    private void Close()
    {
        lock (gate)
        {
            stopped = true;
            foreach (var ask in open)
                ask.Fail(Stopping());
        }
    }

    private static RefusedException Stopping() => new(RefusalCode.Unavailable, "The silo that embeds is stopping: ask again.");

    [LoggerMessage(3201, LogLevel.Warning, "The embedding model makes no vector of a text")]
    private static partial void LogRefused(ILogger logger, Exception failure);
}
