using System.Security.Cryptography;
using System.Text;

namespace Sophia.Chat;

/// <summary>Conversations as resources.</summary>
internal static class ChatEndpoints
{
    private const int DefaultLimit = 200;

    public static void MapChatEndpoints(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api/chat/sessions").WithTags("Chat");
        group.MapGet("/", (HttpContext context, IGrainFactory grains, int limit = 50) =>
            grains.GetGrain<IChatDirectoryGrain>(TenantKey.Of(context.User.Caller().Tenant)).List(Limits.Checked(limit))).WithSummary("Conversations, newest first.");
        group.MapPost("/", Begin).WithSummary("Names a conversation: the given one, or a new one. It is kept from its first question on.");
        group.MapGet("/{session}", View).WithSummary("A conversation's title, newest number, and whether an answer is under way.");
        group.MapDelete("/{session}", Delete).RequireAuthorization(Roles.Operator).WithSummary("Deletes a conversation for good: nobody reads it any more once this is answered, and what files and processes remember of it goes soon after. Audited by its name, without its words.");
        group.MapPost("/{session}/questions", Ask).WithSummary("Stores a question and starts its answer. The same Idempotency-Key header (or operationId) asks once, however often it is sent.");
        group.MapGet("/{session}/events", Events).WithSummary("Events after a number; with Accept: text/event-stream they are streamed until the answer under way is done, and Last-Event-ID is honoured.");
        group.MapPost("/{session}/stop", async (string session, HttpContext context, IGrainFactory grains) => new StopAnswer(await grains.Conversation(context.User.Caller().Tenant, session).Stop()))
            .WithSummary("Ends the answer under way; what was said stays.");
        group.MapPost("/{session}/feedback", Feedback).WithSummary("Keeps an opinion about an answer: -1, or 1 to 5, and a reason.");
        app.MapPost("/api/ask", AskOnce).WithTags("Chat").WithSummary("One question, one answer, with its sentences and their sources.");
    }

    private static IResult Begin(NewConversation? request, HttpContext context, IGrainFactory grains)
    {
        var name = request?.Session ?? $"s-{Guid.CreateVersion7():N}";
        grains.Conversation(context.User.Caller().Tenant, name);
        return Results.Json(new ConversationName(name), ChatWire.Readable.ConversationName, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<ChatView> View(string session, HttpContext context, IGrainFactory grains) =>
        await grains.Conversation(context.User.Caller().Tenant, session).View() is { LastNumber: > 0 } view
            ? view
            : throw new RefusedException(RefusalCode.NotFound, "Nobody has asked anything in this conversation.");

    private static async Task<IResult> Delete(string session, HttpContext context, IGrainFactory grains)
    {
        var caller = context.User.Caller();
        return TenantId.IsName(session) && await grains.GetGrain<IChatDirectoryGrain>(TenantKey.Of(caller.Tenant)).Delete(session, $"{caller.Label} ({caller.KeyId})")
            ? Results.NoContent()
            : throw new RefusedException(RefusalCode.NotFound, "Nobody has asked anything in this conversation.");
    }

    private static async Task<IResult> Ask(string session, NewQuestion question, HttpContext context, IGrainFactory grains)
    {
        var receipt = await grains.Conversation(context.User.Caller().Tenant, session).Ask(new AskRequest(question.Text ?? "", question.Filter, context.OperationId() ?? question.OperationId ?? ChatEdge.NewOperation()));
        return Results.Json(receipt, ChatWire.Readable.AskReceipt, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> Events(string session, HttpContext context, IGrainFactory grains, TimeProvider time, long? after = null, int limit = DefaultLimit)
    {
        var tenant = context.User.Caller().Tenant;
        if (context.Request.Headers.Accept.Any(a => a?.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase) == true))
        {
            await EventStream.Write(context, new ChatFeed(grains, time).Read(tenant, session, EventStream.LastEventId(context.Request) ?? after ?? 0, false, context.RequestAborted), time);
            return Results.Empty;
        }
        var grain = grains.Conversation(tenant, session);
        var events = await grain.EventsNow(after ?? 0, Limits.Checked(limit));
        var view = await grain.View();
        return Results.Json(new ChatPage(events, view.LastNumber, view.Answering), ChatWire.Readable.ChatPage);
    }

    private static async Task<IResult> Feedback(string session, NewOpinion opinion, HttpContext context, IGrainFactory grains)
    {
        await grains.Conversation(context.User.Caller().Tenant, session).Feedback(opinion.Question, opinion.Mark, opinion.Reason);
        return Results.NoContent();
    }

    private static async Task<IResult> AskOnce(OneQuestion question, HttpContext context, IGrainFactory grains, TimeProvider time, IBulkheads bulkheads)
    {
        var tenant = context.User.Caller().Tenant;
        var operation = context.OperationId() ?? question.OperationId;
        // Where the front end and the answers share a process, nobody wakes a conversation only to be refused by it.
        if (question.Session is null && operation is null && bulkheads.WhyFull(tenant, BulkheadKind.Ask) is { } full)
            throw full;
        var session = question.Session ?? (operation is null ? $"ask-{Guid.CreateVersion7():N}" : $"ask-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(operation)))[..32]}");
        var receipt = await grains.Conversation(tenant, session).Ask(new AskRequest(question.Text ?? "", question.Filter, operation ?? ChatEdge.NewOperation()));
        try
        {
            return await Answered(tenant, session, receipt, context, grains, time);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested && question.Session is null && operation is null)
        {
            // Nobody else knows what this conversation is called: nobody waits for its answer any more.
            using (Deadline.None())
            using (CallerContext.For(tenant))
                await grains.Conversation(tenant, session).Stop();
            throw;
        }
    }

    private static async Task<IResult> Answered(TenantId tenant, string session, AskReceipt receipt, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var by = "";
        await foreach (var happened in new ChatFeed(grains, time).Read(tenant, session, receipt.QuestionNumber, false, context.RequestAborted))
        {
            if (happened.Question != receipt.QuestionNumber)
                continue;
            if (happened.Kind == ChatEventKind.Started)
                by = happened.Text;
            else if (happened.Kind == ChatEventKind.Done)
                return Results.Json(new OneAnswer(session, receipt.QuestionNumber, by, happened.Sources.Count > 0, happened.Text, AnswerSentences.Of(happened), happened.Sources, happened.Degraded, happened.Stale, happened.Unanswered, happened.Near), ChatWire.Readable.OneAnswer);
            else if (happened.Kind is ChatEventKind.Failed or ChatEventKind.Stopped)
                throw new RefusedException(RefusalCode.Unavailable, happened.Kind == ChatEventKind.Stopped ? "The answer was stopped." : happened.Text);
        }
        throw new RefusedException(RefusalCode.Unavailable, "The answer did not end; read the conversation's events.");
    }
}
