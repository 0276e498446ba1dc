using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Sophia.Operations;

/// <summary>Turns whatever went wrong below it, and every error status without a body, into problem details; a browser's navigation gets a small page.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, TimeProvider time, ILogger<ProblemMiddleware> logger)
{
    /// <summary>Says which request an answer, a log line and a problem belong to. A caller may choose it: 8 to 64 of letters, digits and '-'.</summary>
    public const string CorrelationHeader = "X-Correlation-Id";

    public async Task InvokeAsync(HttpContext context)
    {
        var correlation = Correlation(context);
        context.Response.Headers[CorrelationHeader] = correlation;
        using var scope = logger.BeginScope(new KeyValuePair<string, object>[] { new("CorrelationId", correlation) });
        try
        {
            await next(context);
            if (RefusedForRoom.Of(context) is { } full)
                await Tell(context, full, correlation);
            else if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null or 0 })
                await Write(context, Problems.Of(context.Response.StatusCode), correlation);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone: there is nobody to tell.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await Tell(context, exception, correlation);
        }
        catch (Exception late) when (Problems.Of(late, time.GetUtcNow()).Code == Resilience.DeadlineMiddleware.Page.Code)
        {
            CutOff(context);
        }
    }

    private async Task Tell(HttpContext context, Exception exception, string correlation)
    {
        var problem = Problems.Of(exception, time.GetUtcNow());
        if (IsRead(context))
            problem = Problems.OfRead(problem);
        if (problem.Status is 500)
            LogFailed(exception, context.Request.Method, context.Request.Path);
        context.Response.Clear();
        context.Response.Headers[CorrelationHeader] = correlation;
        SecurityHeaders.Write(context.Response.Headers);
        if (exception is ProblemException known)
            foreach (var (name, value) in known.Headers)
                context.Response.Headers[name] = value;
        context.Response.StatusCode = problem.Status;
        await Write(context, problem, correlation);
    }

    // What was sent so far is no whole answer, and only the connection's end can say so now.
    private void CutOff(HttpContext context)
    {
        LogCutOff(context.Request.Method, context.Request.Path);
        context.Abort();
    }

    private static async Task Write(HttpContext context, Problem problem, string correlation)
    {
        EdgeMeter.Refused(problem.Code);
        problem = problem with { CorrelationId = correlation };
        if (problem.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers.CacheControl = "no-store";
        if (IsNavigation(context.Request))
        {
            if (problem.Status == StatusCodes.Status401Unauthorized)
                await MessagePage.Write(context.Response, "Sign in", SignInEndpoints.HowTo);
            else
                await MessagePage.Write(context.Response, ProblemPages.Of(problem.Code)?.Title ?? problem.Title, $"{problem.Detail}{ComeBack(problem.RetryAfter)}",
                    $"{(problem.Help is { } help ? $"<p><a href=\"{help}\">What this means</a></p>" : "")}{MessagePage.Ways(context)}");
            return;
        }
        context.Response.ContentType = "application/problem+json";
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.WriteAsync(JsonSerializer.Serialize(problem, EdgeJson.Readable.Problem), context.RequestAborted);
    }

    private static string ComeBack(int? seconds) => seconds switch
    {
        null or int.MaxValue => "",
        <= 1 => " Come back in a second.",
        < 120 => string.Create(CultureInfo.InvariantCulture, $" Come back in {seconds} seconds."),
        < 7_200 => string.Create(CultureInfo.InvariantCulture, $" Come back in {(seconds + 59) / 60} minutes."),
        _ => string.Create(CultureInfo.InvariantCulture, $" Come back in {(seconds + 3_599) / 3_600} hours."),
    };

    private static bool IsNavigation(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && !request.Path.StartsWithSegments("/api")
        && request.Headers.Accept.Any(accept => accept?.Contains("text/html", StringComparison.OrdinalIgnoreCase) == true);

    private static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
        || context.GetEndpoint()?.Metadata.GetMetadata<Resilience.IdempotencyMarks.NothingChanges>() is not null;

    private static string Correlation(HttpContext context)
    {
        var asked = context.Request.Headers[CorrelationHeader].ToString();
        var usable = asked.Length is >= 8 and <= 64 && asked.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
        return usable ? asked : Activity.Current?.TraceId.ToString() ?? context.Features.Get<IHttpRequestIdentifierFeature>()?.TraceIdentifier ?? "none";
    }

    [LoggerMessage(5002, LogLevel.Debug, "{Method} {Path} was cut off in its answer: its caller's time is over")]
    private partial void LogCutOff(string method, PathString path);

    [LoggerMessage(5001, LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailed(Exception exception, string method, PathString path);
}
