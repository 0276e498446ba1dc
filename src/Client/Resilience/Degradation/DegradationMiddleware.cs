using System.Text.Json;

namespace Sophia.Resilience;

/// <summary>Tells every answer at which level it was given, bounds what a level bounds, and counts how requests went.</summary>
/// <remarks>Stands behind sign-in: nothing here can keep anybody out of it. What is bounded is reading (search, chat, records); whatever comes in, audit and administration are not.</remarks>
internal sealed class DegradationMiddleware(RequestDelegate next, IFeatures features, ReadBounds reads, IHealth health, TimeProvider time)
{
    /// <summary>The level and why, as one structured field; absent where everything is offered.</summary>
    public const string Header = "Sophia-Degradation";

    private static readonly PathString[] Bounded = ["/api/search", "/api/ask", "/api/chat", "/api/records", "/search", "/records", "/record", "/profiles"];

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.User.TryCaller() is not { } caller)
        {
            await next(context);
            return;
        }
        var offered = features.Of(caller.Tenant);
        if (offered.Level > DegradationLevel.Full)
            Tell(context, offered);
        if (IsBounded(context.Request.Path))
            reads.Check(caller.Tenant);
        await Count(context);
    }

    private async Task Count(HttpContext context)
    {
        var began = time.GetTimestamp();
        var (failed, counts) = (false, true);
        try
        {
            await next(context);
            failed = context.Response.StatusCode == StatusCodes.Status500InternalServerError;
            counts = RefusedForRoom.Of(context) is null;
        }
        catch (Exception failure)
        {
            failed = IsOurs(failure) && !context.RequestAborted.IsCancellationRequested;
            counts &= failure is not RefusedException { Code: RefusalCode.Busy };
            throw;
        }
        finally
        {
            // How long a tenant waits for its own says nothing of how quick things are for others.
            if (counts && HasTime(context))
                health.Answered(time.GetElapsedTime(began) - (context.Features.Get<OwnWait>()?.For ?? TimeSpan.Zero), failed);
        }
    }

    // What waits by its nature (an answer being written, a stream, a long export) says nothing of how quick things are.
    private static bool HasTime(HttpContext context) => context.Request.Path.StartsWithSegments("/api/search")
        || (HttpMethods.IsGet(context.Request.Method) && context.Request.Path.StartsWithSegments("/api") && context.Response.ContentType?.StartsWith("text/event-stream", StringComparison.Ordinal) != true
            && !context.Request.Path.Value!.EndsWith("/export", StringComparison.Ordinal));

    private static bool IsOurs(Exception failure) => failure is not (RefusedException or ProblemException or BadHttpRequestException or JsonException or FormatException or OperationCanceledException);

    private static bool IsBounded(PathString path) => Array.Exists(Bounded, start => path.StartsWithSegments(start));

    // Asked for again when the answer begins, because a problem clears what was written before.
    private static void Tell(HttpContext context, OfferedNow offered) => context.Response.OnStarting(static state =>
    {
        var (response, now) = ((HttpResponse, OfferedNow))state;
        response.Headers[Header] = $"{now.Level.ToString().ToLowerInvariant()}; because=\"{Ascii(now.Because ?? "")}\"";
        return Task.CompletedTask;
    }, (context.Response, offered));

    private static string Ascii(string text) => new([.. text.Take(200).Select(c => c is >= ' ' and <= '~' and not '"' and not '\\' ? c : '?')]);
}

/// <summary>How long a request waited in the line of its own tenant.</summary>
internal sealed record OwnWait(TimeSpan For);
