using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace Sophia.Resilience;

/// <summary>How long requests are worked for where their caller does not say. Checked at start.</summary>
public sealed class DeadlinesOptions
{
    /// <summary>A search. Default 10 s, range 10 ms to <see cref="Longest"/>.</summary>
    public TimeSpan Search { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A question with its answer in one request. Default 2 minutes, range 10 ms to <see cref="Longest"/>.</summary>
    public TimeSpan Ask { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The longest that a caller may say; a longer one counts as this. Default 10 minutes, range 1 s to a day.</summary>
    public TimeSpan Longest { get; set; } = TimeSpan.FromMinutes(10);

    public string? Wrong() => Longest < TimeSpan.FromSeconds(1) || Longest > TimeSpan.FromDays(1) ? "longest must lie between 1 s and a day"
        : Search < DeadlineMiddleware.Shortest || Search > Longest ? "search must lie between 10 ms and longest"
        : Ask < DeadlineMiddleware.Shortest || Ask > Longest ? "ask must lie between 10 ms and longest"
        : null;
}

/// <summary>Gives each request the time that its caller says in <see cref="Header"/>, or that its kind has, and ends it when that is over or the caller has gone.</summary>
/// <remarks>The deadline travels with every grain call that the request makes. Streams and uploads have one only where the caller says so.</remarks>
internal sealed class DeadlineMiddleware(RequestDelegate next, IOptionsMonitor<DeadlinesOptions> options, TimeProvider time)
{
    /// <summary>How long the caller waits: a number with ms, s or m, such as 1500ms.</summary>
    public const string Header = "Sophia-Timeout";

    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    private static readonly Meter Meter = new("Sophia.Resilience");
    private static readonly Counter<long> Passed = Meter.CreateCounter<long>("sophia.deadline.passed", "{request}", "Requests that were ended because their caller's time was over.");

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/api") || Within(context) is not { } within)
        {
            await next(context);
            return;
        }
        var callers = context.RequestAborted;
        using var patience = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, callers);
        using var _ = Deadline.Until(time.GetUtcNow() + within);
        context.RequestAborted = either.Token;
        try
        {
            await next(context);
        }
        catch (Exception failure) when (patience.IsCancellationRequested && !callers.IsCancellationRequested && failure is OperationCanceledException or TimeoutException)
        {
            throw Told(within);
        }
        catch (RefusedException refused) when (refused.Code == RefusalCode.DeadlinePassed || (refused.Code == RefusalCode.Unavailable && patience.IsCancellationRequested))
        {
            throw Told(within);
        }
        finally
        {
            context.RequestAborted = callers;
        }
    }

    private static ProblemException Told(TimeSpan within)
    {
        Passed.Add(1);
        return Page.Told($"Nobody waits any more: the request was to be answered within {Said(within)}, and that is over. What it changes may have taken effect or not: ask before repeating it.");
    }

    public static readonly ProblemPage Page = new("deadline-passed", StatusCodes.Status504GatewayTimeout, "The caller's time is over",
        $"A request says in its header {Header} how long its caller waits, such as 1500ms, 5s or 2m; searches have 10 seconds and questions 2 minutes where it does not. When that is over, what is done for it stops: no further search, no further attempt at a model. "
        + "Ask again with more time, or find out why it took so long on the pages Breakers and Degradation.");

    /// <exception cref="RefusedException">Invalid: the header is no time.</exception>
    private TimeSpan? Within(HttpContext context)
    {
        var now = options.CurrentValue;
        var said = context.Request.Headers[Header].ToString();
        if (said.Length > 0)
            return Parse(said) is { } within && within >= Shortest ? (within < now.Longest ? within : now.Longest)
                : throw new RefusedException(RefusalCode.Invalid, $"{Header} is a number with ms, s or m, 10ms at least, such as 1500ms; \"{Shown(said)}\" is not.");
        return context.Request.Path.StartsWithSegments("/api/search") ? now.Search : context.Request.Path.StartsWithSegments("/api/ask") ? now.Ask : null;
    }

    internal static TimeSpan? Parse(string text)
    {
        var (unit, length) = text.EndsWith("ms", StringComparison.Ordinal) ? (0.001, 2) : text is [.., 's'] ? (1, 1) : text is [.., 'm'] ? (60, 1) : (0d, 0);
        return length > 0 && double.TryParse(text.AsSpan(0, text.Length - length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 1_000_000_000
            ? TimeSpan.FromSeconds(number * unit) : null;
    }

    private static string Shown(string said) => said.Length <= 40 ? said : said[..40] + "…";

    private static string Said(TimeSpan within) => within.TotalSeconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{within.TotalMilliseconds:0.##} ms") : string.Create(CultureInfo.InvariantCulture, $"{within.TotalSeconds:0.##} s");
}
