using System.Text;
using Sophia.Chat;
using Sophia.Knowledge;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Goal: of two activations of one grain the one whose place was taken commits nothing any more. Method: two silos over one store that
/// know nothing of each other; the older one tries, and its refusal is counted by the event that the store logs.</summary>
public sealed class TwoActivationsTests
{
    private const string Chat = "acme/twice", Hook = "acme/hook", Crm = "acme/crm", Index = "acme/index", Tenant = "acme";
    private const string HookDefinition = "name: hook\nsource: {type: webhook, secret: generated, stream: notes, key: id, deliveryHeader: x-delivery}\n";

    [Fact]
    public async Task A_conversation_refuses_the_activation_whose_place_was_taken_and_goes_on_at_the_next_call()
    {
        await using var two = await TwoSilos.Start();
        await Answered(two.Older, "one");
        await Answered(two.Younger, "two");
        await Superseded(() => Ask(two.Older, "three"));
        Assert.Equal("Append of acme/chat/twice refused: its epoch 1 is stale, the newest is 2", Assert.Single(two.Older.Refusals.Of(Refusals.StaleEpoch)));
        await Answered(two.Older, "three");
        await Superseded(() => Ask(two.Younger, "four"));
        await Answered(two.Younger, "four");
        Assert.Equal(["one", "two", "three", "four"], (await Events(two.Younger)).Where(e => e.Kind == ChatEventKind.Question).Select(e => e.Text));
        await Whole(two.Younger);
    }

    /// <summary>Nobody calls the older activation: the answer that it was making comes to its next commit by itself.</summary>
    [Fact]
    public async Task An_answer_that_was_taken_over_while_it_was_made_is_not_finished_twice()
    {
        await using var two = await TwoSilos.Start();
        two.Older.Search.Holds = true;
        await Ask(two.Older, "one");
        await two.Older.Search.Begun;
        await two.Younger.Until<IChatSessionGrain, ChatView>(Chat, chat => chat.View(), view => !view.Answering);
        Assert.Empty(two.Older.Refusals.Of(Refusals.StaleEpoch));
        var before = await Events(two.Younger);
        two.Older.Search.Go();
        await Refused(two.Older, Refusals.StaleEpoch);
        Assert.Equal(before.Count, (await Events(two.Younger)).Count);
        await Whole(two.Younger);
        // The older one is gone by itself: asked again, its successor reads the log.
        Assert.Equal(before.Count, (await two.Older.Until<IChatSessionGrain, ChatView>(Chat, chat => chat.View(), view => !view.Answering)).LastNumber);
    }

    [Fact]
    public async Task A_pipeline_takes_no_delivery_on_an_activation_whose_place_was_taken()
    {
        await using var two = await TwoSilos.Start();
        await two.Older.As<IPipelineGrain, PipelineView>(Hook, pipeline => pipeline.Define(HookDefinition, "hook.yaml"));
        Assert.Equal(DeliveryOutcome.Stored, (await Deliver(two.Older, 1)).Outcome);
        Assert.Equal(DeliveryOutcome.Stored, (await Deliver(two.Younger, 2)).Outcome);
        await Superseded(() => Deliver(two.Older, 3));
        Assert.Single(two.Older.Refusals.Of(Refusals.StaleEpoch));
        Assert.Equal(2, await two.Log.Head(SiloOfTwo.Tenant, default));
        Assert.Equal(DeliveryOutcome.Stored, (await Deliver(two.Older, 3)).Outcome);
        Assert.Equal(DeliveryOutcome.Duplicate, (await Deliver(two.Older, 2)).Outcome);
        Assert.Equal(3, await two.Log.Head(SiloOfTwo.Tenant, default));
    }

    /// <summary>A lane is held while it reads ahead; the run is taken over and ended elsewhere; then the lane goes on, and so does the run that drives it.</summary>
    /// <param name="settled">Whether what the lane had read before was committed when the run was taken over; else the takeover races with it, and either may come first.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Neither_the_lane_nor_the_run_of_an_activation_whose_place_was_taken_commits(bool settled)
    {
        await using var two = await TwoSilos.Start();
        two.Files.WriteDeals("a.jsonl", [.. Enumerable.Range(1, 20)]);
        var (held, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        two.Files.Hold = (6, () =>
        {
            held.SetResult();
            return go.Task;
        });
        await two.Older.As<IPipelineGrain, PipelineView>(Crm, pipeline => pipeline.Define(PipelineWorld.Definition, "crm.yaml"));
        var run = (await two.Older.As<IPipelineGrain, RunView>(Crm, pipeline => pipeline.Start(new StartRun()))).RunId;
        await held.Task.WaitAsync(TimeSpan.FromMinutes(2));
        if (settled)
            await two.Until(async () => await two.Log.Head(SiloOfTwo.Tenant, default) == 6);
        var ended = await two.Younger.Until<IPipelineGrain, RunView?>(Crm, pipeline => pipeline.Run(run), view => view?.EndedAt is not null);
        Assert.Equal((RunState.Succeeded, 20L, 20L), (ended!.State, ended.Counts.Stored, ended.Counts.In));
        if (settled)
            Assert.Empty(two.Older.Refusals.Of(Refusals.StaleEpoch));
        go.SetResult();
        await Refused(two.Older, Refusals.StaleEpoch, "pipelines/crm/lane-0");
        await Refused(two.Older, Refusals.StaleEpoch, "pipelines/crm/run");
        Assert.Equal(20, await two.Log.Head(SiloOfTwo.Tenant, default));
        var after = await two.Older.Until<IPipelineGrain, RunView?>(Crm, pipeline => pipeline.Run(run), view => view?.EndedAt is not null);
        Assert.Equal((RunState.Succeeded, 20L), (after!.State, after.Counts.Stored));
        Assert.Equal(ended.EndedAt!.Value, after.EndedAt!.Value, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Durable_state_is_written_only_by_who_has_read_the_newest()
    {
        await using var two = await TwoSilos.Start();
        await two.Older.As<ITenantGrain, TenantView>(Tenant, tenant => tenant.Create("Acme"));
        await Issue(two.Older, "one");
        await Issue(two.Younger, "two");
        await Superseded(() => Issue(two.Older, "three"));
        Assert.Single(two.Older.Refusals.Of(Refusals.StaleState));
        await Issue(two.Older, "three");
        Assert.Equal(["one", "two", "three"], (await two.Older.As<ITenantGrain, TenantView?>(Tenant, tenant => tenant.View()))!.Keys.Select(key => key.Label));
    }

    [Fact]
    public async Task The_index_s_cursor_moves_only_from_where_it_is()
    {
        await using var two = await TwoSilos.Start();
        await two.Older.Until<IProjectionGrain, ProjectionView>(Index, index => index.View(), view => view.CaughtUpAt is not null);
        await two.Younger.As<IPipelineGrain, PipelineView>(Hook, pipeline => pipeline.Define(HookDefinition, "hook.yaml"));
        await Deliver(two.Younger, 1);
        await Follow(two.Younger, 1);
        await Follow(two.Older, 1);
        Assert.Contains("of acme: the step from 0", Assert.Single(two.Older.Refusals.Of(Refusals.StaleCursor)));
        Assert.Empty(two.Younger.Refusals.Of(Refusals.StaleCursor));
    }

    private static Task<ProjectionView> Follow(SiloOfTwo silo, long position) =>
        silo.As<IProjectionGrain, ProjectionView>(Index, index => index.WaitFor(position, TimeSpan.FromMinutes(2), default));

    private static Task<AskReceipt> Ask(SiloOfTwo silo, string text) => silo.As<IChatSessionGrain, AskReceipt>(Chat, chat => chat.Ask(new AskRequest(text)));

    private static async Task Answered(SiloOfTwo silo, string text)
    {
        await Ask(silo, text);
        await silo.Until<IChatSessionGrain, ChatView>(Chat, chat => chat.View(), view => !view.Answering);
    }

    private static Task<IReadOnlyList<ChatEvent>> Events(SiloOfTwo silo) => silo.As<IChatSessionGrain, IReadOnlyList<ChatEvent>>(Chat, chat => chat.EventsNow(0, 1_000));

    /// <summary>Numbers without a gap, and each question with one end.</summary>
    private static async Task Whole(SiloOfTwo silo)
    {
        var events = await Events(silo);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (long)number), events.Select(e => e.Number));
        Assert.All(events.Where(e => e.Kind == ChatEventKind.Question), asked => Assert.Single(events, e => e.Question == asked.Number && e.Kind is ChatEventKind.Done or ChatEventKind.Failed or ChatEventKind.Stopped));
    }

    private static Task<IssuedKey> Issue(SiloOfTwo silo, string label) => silo.As<ITenantGrain, IssuedKey>(Tenant, tenant => tenant.IssueKey(label, TenantRole.Viewer));

    private static async Task<DeliveryResult> Deliver(SiloOfTwo silo, int number)
    {
        var secret = (await silo.As<IPipelineGrain, string?>(Hook, pipeline => pipeline.WebhookSecret()))!;
        var body = Encoding.UTF8.GetBytes($$"""{"id":"{{number}}","text":"Note {{number}}."}""");
        var headers = new Dictionary<string, string> { ["x-delivery"] = $"{number}", ["x-signature"] = Convert.ToHexStringLower(WebhookSignature.Of(body, null, secret)) };
        return await silo.As<IPipelineGrain, DeliveryResult>(Hook, pipeline => pipeline.Deliver(new WebhookDelivery(headers, body)));
    }

    /// <summary>Refused in words that a front end understands: nothing was stored, call again.</summary>
    private static async Task Superseded(Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(call);
        Assert.Equal((RefusalCode.Unavailable, true), (refused.Code, refused.RetryAt is not null));
    }

    private static Task Refused(SiloOfTwo silo, int number, string owner = "") =>
        Eventually.Comes(() => silo.Refusals.Of(number).Any(text => text.Contains(owner, StringComparison.Ordinal)), $"a refusal of {owner}");
}
