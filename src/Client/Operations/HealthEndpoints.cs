using System.Diagnostics;
using Sophia.Knowledge;
using Sophia.Log;

namespace Sophia.Operations;

/// <summary>Whether Sophia lives (open to everybody, says nothing else) and how each part is (for who is signed in).</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How long the index may be behind the log before that counts as a fault.</summary>
    private static readonly TimeSpan LagAllowed = TimeSpan.FromMinutes(1);

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/live", () => new LiveView("live")).DisableHttpMetrics().AllowAnonymous().WithTags("Health").WithSummary("The process serves.");
        app.MapGet("/health", Health).WithTags("Health").WithSummary("Each part with its state; 503 where one is unhealthy.");
    }

    private static async Task<IResult> Health(HttpContext context, IGrainFactory grains, IStorageRoom room, TimeProvider time)
    {
        var caller = context.User.Caller().Tenant;
        var tenant = TenantKey.Of(caller);
        HealthPart[] parts =
        [
            await Probe("runtime", time, async () => await grains.GetGrain<ITenantGrain>(tenant).View() is null ? "the tenant is gone" : null),
            await Probe("log", time, async () => { await grains.GetGrain<IRecordsGrain>(tenant).Streams(); return null; }),
            await Probe("disk", time, () => Task.FromResult(Room(room))),
            await Probe("index", time, async () => Lag(await grains.GetGrain<IProjectionGrain>(TenantKey.Of(caller, Projections.Index)).View(), time.GetUtcNow(), "log positions are not searchable yet")),
            await Probe("vectors", time, () => Vectors(grains.GetGrain<IProjectionGrain>(TenantKey.Of(caller, Projections.Vectors)), time)),
        ];
        var state = parts.Any(p => p.State == "unhealthy") ? "unhealthy" : parts.Any(p => p.State == "degraded") ? "degraded" : "healthy";
        var status = state == "unhealthy" ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        using var process = Process.GetCurrentProcess();
        return Results.Json(new HealthView(state, parts, process.StartTime.ToUniversalTime(), process.WorkingSet64), EdgeJson.Readable.HealthView, statusCode: status);
    }

    private static string? Room(IStorageRoom room) =>
        string.Join(' ', room.Places.Where(place => place.Level != RoomLevel.Enough).Select(place => place.Said)) is { Length: > 0 } said ? said : null;

    private static async Task<string?> Vectors(IProjectionGrain vectors, TimeProvider time)
    {
        try
        {
            return Lag(await vectors.View(), time.GetUtcNow(), "passages have no vector yet; words find them");
        }
        catch (RefusedException unknown) when (unknown.Code == RefusalCode.NotFound)
        {
            return "an upgrade is under way: the silo that was asked makes no vectors";
        }
    }

    // Records take a moment into the index, and a long run keeps it busy: only where it stays behind is something wrong.
    private static string? Lag(ProjectionView view, DateTimeOffset now, string behind) =>
        view.LastError ?? (view.Cursor < view.Head && !(now - view.CaughtUpAt < LagAllowed) ? $"{view.Head - view.Cursor} {behind}" : null);

    /// <summary>A part that answers with a reason is degraded; one that does not answer, or fails, is unhealthy.</summary>
    private static async Task<HealthPart> Probe(string name, TimeProvider time, Func<Task<string?>> ask)
    {
        var began = time.GetTimestamp();
        try
        {
            var reason = await ask().WaitAsync(Patience, time);
            return new(name, reason is null ? "healthy" : "degraded", reason, time.GetElapsedTime(began).TotalMilliseconds);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var reason = exception is RefusedException ? exception.Message : exception is TimeoutException ? "does not answer" : exception.GetType().Name;
            return new(name, "unhealthy", reason, time.GetElapsedTime(began).TotalMilliseconds);
        }
    }
}

public sealed record LiveView(string Status);

/// <summary>State is healthy, degraded or unhealthy. WorkingSetBytes is the process's resident memory.</summary>
public sealed record HealthView(string State, IReadOnlyList<HealthPart> Parts, DateTimeOffset StartedAt, long WorkingSetBytes);

public sealed record HealthPart(string Name, string State, string? Reason, double Milliseconds);
