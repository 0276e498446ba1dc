using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;
using Sophia.Chat;
using Sophia.Knowledge;
using Sophia.Log;
using Sophia.Pipelines;
using Sophia.Quality;

namespace Sophia.Pages;

/// <summary>The pages and their live fragments. A page asks grains, renders once, and holds nothing.</summary>
public static class PageEndpoints
{
    /// <summary>The newest events of a conversation that a page shows: two answers of the longest kind.</summary>
    private const int EventsShown = 5_000;

    /// <summary>Events asked for at once.</summary>
    private const int EventsRead = 1_000;
    private const int ConversationsShown = 30;
    private const int RunsShown = 25;
    private const int FilesShown = 200;

    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddRazorComponents();
        return services;
    }

    public static WebApplication MapPages(this WebApplication app)
    {
        app.MapPageAssets();
        var pages = app.MapGroup("").ExcludeFromDescription().AddEndpointFilter(static (context, next) =>
        {
            // What a page shows belongs to who is signed in: going back after signing out shows nothing.
            context.HttpContext.Response.Headers.CacheControl = "no-store";
            return next(context);
        });
        pages.MapGet("/", Ask);
        pages.MapGet("/pages/ask", AskFragment);
        pages.MapGet("/pipelines", Pipelines);
        pages.MapGet("/pages/pipelines", PipelinesFragment);
        pages.MapGet("/pipelines/{name}", Pipeline);
        pages.MapGet("/pages/pipelines/{name}", PipelineFragment);
        pages.MapGet("/quarantine", Quarantine);
        pages.MapGet("/pages/quarantine/decisions", DecisionsFragment);
        pages.MapSearchPage();
        pages.MapRecordPages();
        pages.MapProfilePages();
        pages.MapSystemPages();
        pages.MapBreakerPage();
        pages.MapReplayPage();
        pages.MapRunPage();
        pages.MapQueuePages();
        pages.MapDegradationPages();
        pages.MapDomainPages();
        pages.MapLimitPages();
        pages.MapIdempotencyPages();
        return app;
    }

    private static async Task<IResult> Ask(HttpContext context, IGrainFactory grains, string? session = null, string? q = null)
    {
        var tenant = context.User.Caller().Tenant;
        var streams = await grains.GetGrain<IRecordsGrain>(TenantKey.Of(tenant)).Streams();
        return Page<AskPage>(new()
        {
            [nameof(AskPage.Tenant)] = tenant.Value,
            [nameof(AskPage.Session)] = session ?? $"s-{Guid.CreateVersion7():N}",
            [nameof(AskPage.Sessions)] = await grains.GetGrain<IChatDirectoryGrain>(TenantKey.Of(tenant)).List(ConversationsShown),
            [nameof(AskPage.Conversation)] = await Said(tenant, session, 0, grains),
            [nameof(AskPage.Streams)] = streams,
            [nameof(AskPage.Question)] = q is { Length: <= AskRequest.MaxTextLength } ? q : null,
        });
    }

    /// <summary>A conversation from a question on: while an answer is written, only what can still change.</summary>
    private static async Task<IResult> AskFragment(HttpContext context, IGrainFactory grains, string session, long from = 0) =>
        Page<Exchanges>(new() { [nameof(Exchanges.Conversation)] = await Said(context.User.Caller().Tenant, session, from, grains) });

    private static async Task<Conversation> Said(TenantId tenant, string? session, long from, IGrainFactory grains)
    {
        if (session is null)
            return Conversation.From([]);
        if (!TenantId.IsName(session))
            throw new RefusedException(RefusalCode.NotFound, "There is no such conversation.");
        var grain = grains.GetGrain<IChatSessionGrain>(TenantKey.Of(tenant, session));
        var view = await grain.View();
        var events = new List<ChatEvent>();
        for (var after = Math.Max(Math.Max(from - 1, 0), view.LastNumber - EventsShown); after < view.LastNumber; after = events[^1].Number)
            events.AddRange(await grain.EventsNow(after, EventsRead));
        return Conversation.From(events);
    }

    private static async Task<IResult> Pipelines(HttpContext context, IGrainFactory grains) => Page<PipelinesPage>(new()
    {
        [nameof(PipelinesPage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(PipelinesPage.Pipelines)] = await grains.Pipelines(context.User.Caller().Tenant),
        [nameof(PipelinesPage.Streams)] = await Streams(context, grains),
    });

    private static async Task<IResult> PipelinesFragment(HttpContext context, IGrainFactory grains) =>
        Page<PipelineList>(new() { [nameof(PipelineList.Pipelines)] = await grains.Pipelines(context.User.Caller().Tenant), [nameof(PipelineList.Streams)] = await Streams(context, grains) });

    private static Task<IReadOnlyList<StreamView>> Streams(HttpContext context, IGrainFactory grains) => grains.GetGrain<IRecordsGrain>(TenantKey.Of(context.User.Caller().Tenant)).Streams();

    private static async Task<IResult> Pipeline(string name, HttpContext context, IGrainFactory grains, string? replay = null) => Page<PipelinePage>(new(await Live(name, context, grains))
    {
        [nameof(PipelinePage.Tenant)] = context.User.Caller().Tenant.Value,
        [nameof(PipelinePage.Replay)] = Given(replay),
    });

    private static async Task<IResult> PipelineFragment(string name, HttpContext context, IGrainFactory grains) =>
        Page<PipelineLive>(await Live(name, context, grains));

    private static async Task<Dictionary<string, object?>> Live(string name, HttpContext context, IGrainFactory grains)
    {
        var grain = grains.Pipeline(context, name);
        var view = await grain.Known(name);
        var run = view.ActiveRun ?? view.LastRun;
        return new()
        {
            [nameof(PipelineLive.Pipeline)] = view,
            [nameof(PipelineLive.Runs)] = await grain.Runs(RunsShown),
            [nameof(PipelineLive.Unreadable)] = run is null ? [] : await grain.Unreadable(run.RunId, FilesShown),
        };
    }

    private static async Task<IResult> Quarantine(HttpContext context, IGrainFactory grains,
        string? pipeline = null, string? stream = null, string? run = null, string? state = null, long? before = null)
    {
        var tenant = context.User.Caller().Tenant;
        var query = new QuarantineQuery(Names.Checked("pipeline", Given(pipeline)), Names.Checked("stream", Given(stream)), Names.Checked("run", Given(run)), QuarantineEndpoints.State(Given(state)), before);
        return Page<HeldPage>(new()
        {
            [nameof(HeldPage.Tenant)] = tenant.Value,
            [nameof(HeldPage.Query)] = query,
            [nameof(HeldPage.Page)] = await grains.GetGrain<IQuarantineGrain>(TenantKey.Of(tenant)).List(query),
        });
    }

    private static async Task<IResult> DecisionsFragment(HttpContext context, IGrainFactory grains) =>
        Page<DecisionsLive>(new() { [nameof(DecisionsLive.Orders)] = await QuarantineEndpoints.Decisions(context, grains).List() });

    internal static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    internal static RazorComponentResult Page<TPage>(Dictionary<string, object?> parameters)
        where TPage : IComponent => new RazorComponentResult<TPage>(parameters) { PreventStreamingRendering = true };
}
