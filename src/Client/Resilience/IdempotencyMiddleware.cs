using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Http.Features;

namespace Sophia.Resilience;

/// <summary>Gives a request with an Idempotency-Key one effect and one answer, as draft-ietf-httpapi-idempotency-key-header says (docs/adr/0029).</summary>
/// <remarks>Stands behind sign-in and roles, so that whoever may no longer ask is no longer answered, and before every endpoint of /api. An answer is kept before its reader gets it.</remarks>
internal sealed class IdempotencyMiddleware(RequestDelegate next, IIdempotent idempotent, EdgeOptions options, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!Counts(context))
        {
            await next(context);
            return;
        }
        var values = context.Request.Headers[IdempotencyHeader.Name];
        if (values.Count == 0 && !IsRequired(context.Request.Path))
        {
            await next(context);
            return;
        }
        if (values.Count == 0)
            throw IdempotencyProblems.Missing();
        if (!IdempotencyHeader.TryRead(values, out var key, out var fault))
            throw IdempotencyProblems.Malformed(fault);
        await Once(context, key);
    }

    private async Task Once(HttpContext context, string key)
    {
        var caller = context.User.Caller();
        var request = new OnceRequest(caller.Tenant, IdempotencyKey.NameOf(caller.KeyId, key), await RequestFingerprint.Of(context), Said(context), EdgeLimits.IdempotencyLease);
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        await using var capture = new AnswerCapture(body.Stream, EdgeLimits.KeptAnswer);
        ExceptionDispatchInfo? failure = null;
        var answer = await idempotent.Once(request, async work =>
        {
            context.Features.Set(new IdempotencyMarks.IdempotentOperation(work.OperationId));
            (var outcome, failure) = await Answer(context, key, capture, body, work.Lost);
            return outcome;
        }, context.RequestAborted);
        switch (answer)
        {
            case OnceAnswer.Done { Replayed: true } done:
                await Replay(context, key, done.Outcome);
                break;
            case OnceAnswer.Running running:
                throw IdempotencyProblems.Running(running.Until, time.GetUtcNow());
            case OnceAnswer.Mismatch:
                throw IdempotencyProblems.Mismatch();
            default:
                failure?.Throw();
                await capture.Send(context.RequestAborted);
                break;
        }
    }

    /// <summary>Lets the endpoint answer into the capture. An outcome is what is kept; null: the next request does the work.</summary>
    /// <param name="lost">Cancelled where another request has taken over, or the caller has gone: then the endpoint stops where it can.</param>
    private async Task<(IdempotentOutcome?, ExceptionDispatchInfo?)> Answer(HttpContext context, string key, AnswerCapture capture, IHttpResponseBodyFeature body, CancellationToken lost)
    {
        var callers = context.RequestAborted;
        context.RequestAborted = lost;
        var held = new StreamResponseBodyFeature(capture, body);
        context.Features.Set<IHttpResponseBodyFeature>(held);
        try
        {
            await next(context);
            if (RefusedForRoom.Of(context) is not null)
                return (null, null);
            await held.CompleteAsync();
            var holdsSecret = context.GetEndpoint()!.Metadata.GetMetadata<IdempotencyMarks.AnswerHoldsSecret>() is not null;
            return (!KeptAnswers.IsKept(context.Response.StatusCode) ? null
                : holdsSecret ? KeptAnswers.OfSecret(context.Response, capture.Body is { } told ? SealedAnswers.Seal(ApiKeyHandler.KeyOf(context.Request), key, told) : null)
                : KeptAnswers.Of(context.Response, capture.Body), null);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested && !callers.IsCancellationRequested)
        {
            var now = time.GetUtcNow();
            return (null, ExceptionDispatchInfo.Capture(IdempotencyProblems.Running(now + EdgeLimits.IdempotencyLease, now)));
        }
        catch (Exception failure) when (!callers.IsCancellationRequested)
        {
            var problem = Problems.Of(failure, time.GetUtcNow()) with { CorrelationId = context.Response.Headers[ProblemMiddleware.CorrelationHeader] };
            return (KeptAnswers.IsKept(problem.Status) ? KeptAnswers.Of(problem) : null, ExceptionDispatchInfo.Capture(failure));
        }
        finally
        {
            context.Features.Set(body);
            context.RequestAborted = callers;
        }
    }

    private static async Task Replay(HttpContext context, string key, IdempotentOutcome outcome)
    {
        var body = outcome.IsSealed ? SealedAnswers.Open(ApiKeyHandler.KeyOf(context.Request), key, outcome.Body) : outcome.Body;
        if (outcome.NotKept is { } because && (body is null || !outcome.IsSealed))
            throw IdempotencyProblems.NotKept(outcome.Status, because);
        context.Response.StatusCode = outcome.Status;
        context.Response.Headers[IdempotencyHeader.Replayed] = "true";
        foreach (var header in outcome.Headers)
            context.Response.Headers[header.Name] = header.Value;
        if (body is { Length: > 0 })
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static bool Counts(HttpContext context) => context.Request.Path.StartsWithSegments("/api")
        && !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method))
        && context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<IdempotencyMarks.NothingChanges>() is null
        && context.User.TryCaller() is not null;

    private bool IsRequired(PathString path) => options.IdempotencyRequired.Any(prefix => path.StartsWithSegments(prefix));

    private static string Said(HttpContext context)
    {
        var said = $"{context.Request.Method} {(context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? context.Request.Path.Value}";
        return TextEnd.Cut(said, IdempotencyLimits.TextLength);
    }
}
