using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia.Pages;

/// <summary>What is known of a stream's quality. A part is null while the log is read for it; Waiting says how far that is.</summary>
public sealed record StreamQuality(string Stream, StreamProfile? Profile, FindingsPage? Findings, IReadOnlyList<Suggestion>? Suggestions, string? Waiting, FindingsQuery Asked);

/// <summary>The pages of profiles and rules: all streams, and one with its scores, findings, suggestions and fields.</summary>
internal static class ProfilePages
{
    /// <summary>Findings on one page.</summary>
    public const int FindingsShown = 50;

    /// <summary>How long a page waits before it is shown without what is still being read; its live part goes on asking.</summary>
    private static readonly TimeSpan ShownWithin = TimeSpan.FromSeconds(1);

    public static void MapProfilePages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/profiles", Profiles);
        pages.MapGet("/pages/profiles", ProfileFragment);
    }

    private static async Task<IResult> Profiles(HttpContext context, IGrainFactory grains, TimeProvider time, string? stream = null, string? rule = null, string? field = null, int start = 0)
    {
        var tenant = context.User.Caller().Tenant;
        var streams = await grains.GetGrain<IRecordsGrain>(TenantKey.Of(tenant)).Streams();
        if (PageEndpoints.Given(stream) is not { } chosen)
            return PageEndpoints.Page<ProfilesPage>(new() { [nameof(ProfilesPage.Tenant)] = tenant.Value, [nameof(ProfilesPage.Streams)] = streams });
        if (!streams.Any(known => known.Stream == chosen))
            throw new RefusedException(RefusalCode.NotFound, "There is no such stream.");
        var asked = Asked(chosen, rule, field, start);
        var looking = Look(grains, tenant, asked);
        var inTime = await Task.WhenAny(looking, Task.Delay(ShownWithin, time, context.RequestAborted)) == looking;
        if (!inTime)
            _ = looking.ContinueWith(static late => late.Exception, TaskScheduler.Default); // Its live part asks again.
        return PageEndpoints.Page<ProfilePage>(new()
        {
            [nameof(ProfilePage.Tenant)] = tenant.Value,
            [nameof(ProfilePage.Quality)] = inTime ? await looking : new StreamQuality(chosen, null, null, null, "The records are being looked at.", asked),
            [nameof(ProfilePage.Pipelines)] = await Owners(grains, tenant, chosen),
        });
    }

    private static async Task<IResult> ProfileFragment(HttpContext context, IGrainFactory grains, string stream, string? rule = null, string? field = null, int start = 0)
    {
        var tenant = context.User.Caller().Tenant;
        return PageEndpoints.Page<ProfileParts>(new()
        {
            [nameof(ProfileParts.Quality)] = await Look(grains, tenant, Asked(stream, rule, field, start)),
            [nameof(ProfileParts.Pipelines)] = await Owners(grains, tenant, stream),
        });
    }

    private static FindingsQuery Asked(string stream, string? rule, string? field, int start) => new(stream, PageEndpoints.Given(rule), PageEndpoints.Given(field), Math.Max(start, 0), FindingsShown);

    private static async Task<StreamQuality> Look(IGrainFactory grains, TenantId tenant, FindingsQuery asked)
    {
        var grain = grains.GetGrain<IQualityGrain>(TenantKey.Of(tenant));
        var known = new StreamQuality(asked.Stream, null, null, null, null, asked);
        try
        {
            known = known with { Profile = await grain.Profile(asked.Stream) };
            known = known with { Findings = await grain.Findings(asked) };
            return known with { Suggestions = await grain.Suggestions(asked.Stream) };
        }
        catch (RefusedException refused) when (refused.Code == RefusalCode.Busy)
        {
            return known with { Waiting = refused.Message };
        }
    }

    /// <summary>The pipelines that a rule for the stream may go into, the one that writes it first.</summary>
    private static async Task<IReadOnlyList<string>> Owners(IGrainFactory grains, TenantId tenant, string stream) =>
        [.. (await grains.GetGrain<IPipelineDirectoryGrain>(TenantKey.Of(tenant)).Names()).OrderByDescending(name => stream.StartsWith($"{name}/", StringComparison.Ordinal)).ThenBy(name => name, StringComparer.Ordinal)];
}
