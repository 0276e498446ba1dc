using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Chat;

/// <summary>One conversation while it is in memory: what the log says of it, the answer under way, and those who follow.</summary>
/// <remarks>
/// Runs on its grain's scheduler. An answer is made by a loop that nobody waits for: between two of its steps other calls take their turn, so a
/// stop or an opinion comes through while it runs. Everything is appended before it is shown, one append at a time.
/// After a failed append nobody knows what the log holds: the conversation counts as lost, its followers are told, and a fresh activation reloads it.
/// </remarks>
internal sealed partial class ChatSession(TenantId tenant, string session, ILogStore log, IAnswerer answerer, IChatSurroundings surroundings, TimeProvider time, ILogger logger, Func<AnswerTurn?>? turns = null)
{
    private readonly ChatJournal journal = new(log, tenant, session);
    private readonly SemaphoreSlim appending = new(1, 1);
    private readonly CancellationTokenSource closing = new();
    private readonly ChatTail tail = new();
    private ChatState state = ChatState.Empty;
    private TaskCompletionSource changed = NewSignal();
    private CancellationTokenSource? stopping;
    private Task answering = Task.CompletedTask;
    private AskRequest? open;
    private AnswerTurn? turn;
    private bool lost, erased;

    public ChatView View => new(session, state.Title, state.LastNumber, state.UpdatedAt, state.Answering);

    /// <summary>Completes when no answer is under way.</summary>
    public Task Answering => answering;

    /// <summary>Reads what the log knows and goes on with an answer that a crash cut off.</summary>
    public async Task Load(CancellationToken cancellation)
    {
        state = await ChatHistory.Fold(journal, cancellation);
        if (state.Answering)
        {
            open = await journal.Row(state.OpenQuestion, cancellation) is { } row ? ChatEventFormat.Asked(row) : throw new StorageException(StorageFault.Corrupt, $"Question {state.OpenQuestion} is missing.");
            Begin(ChatRules.Recover(state) == ChatRecovery.Fail ? Interrupted : Answer);
        }
    }

    public async Task<AskReceipt> Ask(AskRequest request)
    {
        if (state.Answering && request.OperationId is { } operation && operation == open?.OperationId)
            return await Same(state.OpenQuestion, request);
        if (erased)
            throw JournalLostException.Refusal();
        if (ChatRules.RefuseQuestion(state, request) is { } refused)
            throw refused;
        var own = turns?.Invoke();
        try
        {
            var (number, repeated) = await Append(0, [new AnswerEvent(ChatEventKind.Question, request.Text)], request);
            if (repeated)
                return await Same(number, request);
            (open, turn, own) = (request, own, null);
            Begin(Answer);
            return new AskReceipt(session, number);
        }
        finally
        {
            own?.Dispose();
        }
    }

    public async Task<bool> Stop()
    {
        if (!state.Answering)
            return false;
        if (stopping is not null)
            await stopping.CancelAsync();
        await answering;
        return true;
    }

    /// <param name="remove">Takes the events out of the log; how many.</param>
    public async Task<long> Erase(Func<Task<long>> remove)
    {
        erased = true; // No question comes in between.
        await Stop();
        await appending.WaitAsync();
        try
        {
            await journal.Take(CancellationToken.None);
            var events = await remove();
            state = ChatState.Empty;
            tail.Clear();
            return events;
        }
        finally
        {
            appending.Release();
            Lose(); // A fresh activation finds what there is now.
        }
    }

    public async Task Feedback(long questionNumber, int mark, string? reason)
    {
        var row = questionNumber >= 1 && questionNumber <= state.LastNumber ? await journal.Row(questionNumber, default) : null;
        if (ChatRules.RefuseFeedback(state, row is null ? null : ChatEventFormat.Read(row), mark, reason) is { } refused)
            throw refused;
        await Append(questionNumber, [new AnswerEvent(ChatEventKind.Feedback, string.IsNullOrWhiteSpace(reason) ? $"{mark}" : $"{mark} {reason}")], null);
    }

    public async Task<IReadOnlyList<ChatEvent>> EventsNow(long after, int limit)
    {
        if (limit is < 1 or > 1_000)
            throw new RefusedException(RefusalCode.Invalid, "The limit must be 1 to 1,000.");
        if (ChatRules.RefuseReading(state, after) is { } refused)
            throw refused;
        return tail.After(after, limit) ?? await journal.Events(after, Math.Min(state.LastNumber, after + limit), default);
    }

    /// <summary>Reads only: a view of the log, and a signal that there is more.</summary>
    public async IAsyncEnumerable<ChatEvent> Events(long after, bool follow, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            if (erased)
                throw Gone();
            var more = changed.Task;
            foreach (var happened in await EventsNow(after, ChatLimits.Page))
            {
                yield return happened;
                after = happened.Number;
            }
            if (after < state.LastNumber)
                continue;
            if (!follow && !state.Answering)
                yield break;
            if ((lost && !erased) || closing.IsCancellationRequested)
                throw JournalLostException.Refusal();
            await more.WaitAsync(Timeout.InfiniteTimeSpan, time, cancellation);
        }
    }

    /// <summary>Ends the loop without a word in the log; the next activation decides what becomes of the answer.</summary>
    public async Task Close()
    {
        await closing.CancelAsync();
        await answering;
        Signal();
    }

    private async Task<AskReceipt> Same(long number, AskRequest request)
    {
        var row = await journal.Row(number, default);
        if (row is null || ChatEventFormat.Read(row).Text != request.Text)
            throw new RefusedException(RefusalCode.Conflict, "This operation id was used for another question.");
        return new AskReceipt(session, number);
    }

    private void Begin(Func<Task> what)
    {
        stopping = new CancellationTokenSource();
        answering = Guarded(what);
    }

    private async Task Answer()
    {
        using var own = turn;
        turn = null;
        var question = state.OpenQuestion;
        var listed = Announce();
        var lines = await ChatHistory.Lines(journal, question, closing.Token);
        var run = new AnswerRun(answerer, new AnswerTask(tenant, open!.Text, open.Filter, lines) { Turn = own }, events => Append(question, events, null), time);
        await run.Run(stopping!.Token, closing.Token);
        await listed;
        await Announce();
    }

    private async Task Interrupted()
    {
        await Append(state.OpenQuestion, [new AnswerEvent(ChatEventKind.Failed, ChatRules.Interrupted)], null);
        await Announce();
    }

    private async Task Guarded(Func<Task> what)
    {
        try
        {
            await what();
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            LogAnswerLost(logger, e, tenant.Value, session, state.OpenQuestion);
            await Fail(e);
        }
    }

    /// <summary>Something of ours failed: says so in the conversation where that is possible.</summary>
    private async Task Fail(Exception e)
    {
        try
        {
            if (!lost && state.Answering)
                await Append(state.OpenQuestion, [new AnswerEvent(ChatEventKind.Failed, e is RefusedException refused ? refused.Message : "The answer failed; ask again.")], null);
            await Announce(); // Or the list would have it answering for ever.
        }
        catch (Exception again)
        {
            LogAnswerLost(logger, again, tenant.Value, session, state.OpenQuestion);
            Lose();
        }
    }

    private async Task<(long Number, bool Repeated)> Append(long question, IReadOnlyList<AnswerEvent> events, AskRequest? asked)
    {
        await appending.WaitAsync();
        try
        {
            var at = time.GetLogNow();
            var first = state.LastNumber + 1;
            ChatEvent[] numbered = [.. events.Select((e, i) => new ChatEvent(first + i, e.Kind, question == 0 ? first : question, e.Text, e.Sources ?? [], at, e.Uncited) { Degraded = e.Degraded, Stale = e.Stale, Unanswered = e.Unanswered, Near = e.Near })];
            Check(numbered);
            if (await journal.Append(numbered, asked, CancellationToken.None) is { } before)
                return (before, true);
            foreach (var happened in numbered)
            {
                state = ChatRules.After(state, happened);
                tail.Add(happened);
            }
            Signal();
            return (first, false);
        }
        catch (StorageException e) when (e.Fault == StorageFault.Full)
        {
            throw new RefusedException(RefusalCode.StorageFull, "The disk is full; nothing was stored.");
        }
        catch (JournalLostException e) when (e.Superseded)
        {
            Lose();
            throw Superseded.Refusal("The conversation", time);
        }
        catch (Exception e) when (e is StorageException or JournalLostException)
        {
            Lose();
            throw JournalLostException.Refusal();
        }
        finally
        {
            appending.Release();
        }
    }

    private void Check(ChatEvent[] events)
    {
        var next = state;
        foreach (var happened in events)
            next = ChatRules.Allows(next, happened.Kind) ? ChatRules.After(next, happened) : throw new InvalidOperationException($"{happened.Kind} cannot follow event {next.LastNumber}.");
    }

    private static RefusedException Gone() => new(RefusalCode.NotFound, "The conversation was deleted.");

    private void Lose()
    {
        lost = true;
        Signal();
        surroundings.Lost();
    }

    private async Task Announce()
    {
        try
        {
            await surroundings.Announce(View);
        }
        catch (Exception e)
        {
            LogNotListed(logger, e, tenant.Value, session);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Signal()
    {
        var before = changed;
        changed = NewSignal();
        before.SetResult();
    }

    [LoggerMessage(7001, LogLevel.Error, "The answer to question {Question} of {Tenant}/{Session} was lost")]
    private static partial void LogAnswerLost(ILogger logger, Exception e, string tenant, string session, long question);

    [LoggerMessage(7002, LogLevel.Warning, "The conversation {Tenant}/{Session} could not be listed")]
    private static partial void LogNotListed(ILogger logger, Exception e, string tenant, string session);
}

/// <summary>What a conversation asks of its grain.</summary>
internal interface IChatSurroundings
{
    /// <summary>Lists the conversation in the tenant's directory.</summary>
    Task Announce(ChatView view);

    /// <summary>The activation must go: what it knows may be wrong.</summary>
    void Lost();
}
