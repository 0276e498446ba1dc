using System.Net.WebSockets;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Sophia.Hosting;
using Sophia.Pipelines;

namespace Sophia.Chat;

// Goal: the hub's promise: a client that comes back after any cut goes on after its last number, nothing lost, nothing doubled.
// Method: the public .NET client against the real application, through a relay that cuts connections.
public sealed class HubTests(ChatFixture fixture) : IClassFixture<ChatFixture>
{
    private SophiaApp App => fixture.App;

    [Fact]
    public async Task A_client_cut_in_the_middle_of_an_answer_resumes_after_its_last_number()
    {
        const string question = "Who owns Acme? (cut)";
        var words = fixture.Model.For(question);
        await using var relay = new CutProxy(App.Url);
        var seen = new List<ChatEvent>();
        var first = await HubClient.Connect(relay.Url, App.Running.OwnerKey);
        var receipt = await first.Ask("cut", question, "op-1");
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            words.TryWrite("Ann ");
            await foreach (var happened in first.StreamAsync<ChatEvent>("Events", "cut", 0L))
            {
                seen.Add(happened);
                if (happened.Kind != ChatEventKind.Text)
                    continue;
                relay.Cut();
                words.TryWrite("Lee [1]. ");
            }
        });
        await first.DisposeAsync();
        Assert.Equal([ChatEventKind.Question, ChatEventKind.Started, ChatEventKind.Text], seen.Select(e => e.Kind));

        await using var second = await HubClient.Connect(relay.Url, App.Running.OwnerKey);
        Assert.Equal(receipt, await second.Ask("cut", question, "op-1"));
        words.TryWrite("She does [1][7].");
        words.TryComplete();
        await foreach (var happened in second.StreamAsync<ChatEvent>("Events", "cut", seen[^1].Number))
            seen.Add(happened);
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(n => (long)n), seen.Select(e => e.Number));
        Assert.Equal(ChatEventKind.Done, seen[^1].Kind);
        Assert.Equal("Ann Lee [1]. She does [1].", seen[^1].Text);
        Assert.Equal(seen[^1].Text, string.Concat(seen.Where(e => e.Kind == ChatEventKind.Text).Select(e => e.Text)));
        Assert.All(seen[^1].Sources, s => Assert.Equal(ChatFixture.Fact.Substring(s.Citation.Spans[0].Start, s.Citation.Spans[0].Length), s.Quote));
    }

    [Fact]
    public async Task A_client_goes_on_after_the_application_was_restarted()
    {
        const string question = "Who owns Acme? (restart)";
        fixture.Model.Says(question, "Ann [1].");
        await using (var before = await HubClient.Connect(App.Url, App.Running.OwnerKey))
        {
            await before.Ask("again", question);
            var seen = await Read(before, "again", 0);
            await App.Restart();
            await using var after = await HubClient.Connect(App.Url, App.Running.OwnerKey);
            Assert.Equal(seen.Select(e => (e.Number, e.Kind, e.Text)), (await Read(after, "again", 0)).Select(e => (e.Number, e.Kind, e.Text)));
            Assert.Empty(await Read(after, "again", seen.Count));
        }
    }

    [Fact]
    public async Task A_restart_in_the_middle_of_an_answer_ends_it_as_failed_and_keeps_what_was_shown()
    {
        const string question = "Who owns Acme? (interrupted)";
        fixture.Model.For(question).TryWrite("Ann ");
        var seen = new List<ChatEvent>();
        await using (var before = await HubClient.Connect(App.Url, App.Running.OwnerKey))
        {
            await before.Ask("interrupted", question);
            await foreach (var happened in before.StreamAsync<ChatEvent>("Events", "interrupted", 0L))
            {
                seen.Add(happened);
                if (happened.Kind == ChatEventKind.Text)
                    break;
            }
        }
        await App.Restart();
        await using var after = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        var rest = await Read(after, "interrupted", seen[^1].Number);
        Assert.Equal((seen[^1].Number + 1, ChatEventKind.Failed), (rest[0].Number, Assert.Single(rest).Kind));
        Assert.Equal(seen.Select(e => (e.Number, e.Text)), (await Read(after, "interrupted", 0)).SkipLast(1).Select(e => (e.Number, e.Text)));
    }

    [Fact]
    public async Task A_model_that_is_not_there_gives_way_to_an_extractive_answer_that_says_so()
    {
        await using var hub = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        await hub.Ask("extract", "Who owns the Acme account?");
        var events = await Read(hub, "extract", 0);
        Assert.Equal("paced", events.First(e => e.Kind == ChatEventKind.Started).Text);
        Assert.StartsWith("extractive: paced did not answer", events.Last(e => e.Kind == ChatEventKind.Started).Text, StringComparison.Ordinal);
        Assert.Equal($"{ChatFixture.Fact} [1]", events[^1].Text);
        Assert.Equal(ChatFixture.Fact, Assert.Single(events[^1].Sources).Quote);
    }

    [Fact]
    public async Task A_stop_ends_the_answer_for_everybody_who_follows()
    {
        const string question = "Who owns Acme? (stop)";
        fixture.Model.For(question).TryWrite("Ann ");
        await using var asks = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        await using var stops = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        await asks.Ask("stop", question);
        var following = Read(asks, "stop", 0);
        Assert.True(await stops.InvokeAsync<bool>("Stop", "stop"));
        Assert.Equal(ChatEventKind.Stopped, (await following)[^1].Kind);
        await stops.InvokeAsync("Feedback", "stop", 1L, 4, "short");
        Assert.Equal("4 short", (await Read(stops, "stop", 0))[^1].Text);
    }

    [Fact]
    public async Task Refusals_say_their_code()
    {
        await using var hub = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        Assert.Contains("invalid: ", (await Assert.ThrowsAsync<HubException>(() => hub.Ask("Not A Name", "q"))).Message, StringComparison.Ordinal);
        Assert.Contains("invalid: ", (await Assert.ThrowsAsync<HubException>(() => hub.Ask("empty", " "))).Message, StringComparison.Ordinal);
        Assert.Contains("invalid: ", (await Assert.ThrowsAsync<HubException>(() => Read(hub, "empty", 99))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_tenants_conversation_is_not_anothers()
    {
        fixture.Model.Says("mine", "Ann [1].");
        await using var ours = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        await ours.Ask("private", "mine");
        await Read(ours, "private", 0);
        var (_, key, _) = await App.NewTenant();
        await using var theirs = await HubClient.Connect(App.Url, key);
        Assert.Empty(await Read(theirs, "private", 0));
    }

    [Fact]
    public async Task Nobody_and_pages_of_other_hosts_stay_outside()
    {
        await Assert.ThrowsAsync<WebSocketException>(() => HubClient.Connect(App.Url, null));
        await Assert.ThrowsAsync<WebSocketException>(() => HubClient.Connect(App.Url, App.Running.OwnerKey, "http://evil.example"));
        await using var own = await HubClient.Connect(App.Url, App.Running.OwnerKey, App.Url);
        Assert.Equal(HubConnectionState.Connected, own.State);
    }

    [Fact]
    public async Task A_connection_has_at_most_sixteen_streams_and_gets_others_back()
    {
        await using var hub = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        fixture.Model.Says("one", "Ann [1].");
        await hub.Ask("many", "one");
        await Read(hub, "many", 0);
        using var stop = new CancellationTokenSource();
        var streams = Enumerable.Range(0, ChatEdgeLimits.StreamsPerConnection).Select(_ => hub.StreamAsync<ChatEvent>("Follow", "many", 0L, stop.Token).GetAsyncEnumerator()).ToList();
        foreach (var stream in streams)
            Assert.True(await stream.MoveNextAsync());
        Assert.Contains("busy: ", (await Assert.ThrowsAsync<HubException>(() => Read(hub, "many", 0))).Message, StringComparison.Ordinal);
        await stop.CancelAsync();
        await Eventually.Get(async () =>
        {
            try
            {
                return (await Read(hub, "many", 0)).Count;
            }
            catch (HubException)
            {
                return 0;
            }
        }, count => count > 0, "a free stream");
    }

    [Fact]
    public async Task A_message_beyond_64_KB_ends_the_connection()
    {
        await using var hub = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        await Assert.ThrowsAnyAsync<Exception>(() => hub.Ask("large", new string('x', 100_000)));
        await Eventually.Get(() => Task.FromResult(hub.State), state => state == HubConnectionState.Disconnected, "the end of the connection");
    }

    [Fact]
    public async Task Others_of_the_tenant_hear_of_a_question()
    {
        fixture.Model.Says("heard", "Ann [1].");
        await using var listens = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        var heard = new TaskCompletionSource<ChatView>();
        listens.On<ChatView>("ConversationChanged", view => heard.TrySetResult(view));
        await using var asks = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        await asks.Ask("heard", "heard");
        Assert.Equal("heard", (await heard.Task.WaitAsync(TimeSpan.FromMinutes(2))).Session);
    }

    [Fact]
    public async Task Runs_are_watched_as_they_change()
    {
        var folder = App.FilesOf("watched", ("a.json", """{"id":1,"name":"x"}"""));
        var defined = await App.Owner.PutAsync("/api/pipelines/watched", new StringContent($"name: watched\nsource:\n  type: files\n  path: {folder}\n"));
        await using var hub = await HubClient.Connect(App.Url, App.Running.OwnerKey);
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var runs = hub.StreamAsync<RunView>("WatchRuns", stop.Token).GetAsyncEnumerator(stop.Token);
        var next = runs.MoveNextAsync().AsTask();
        var started = await App.Owner.PostAsync("/api/pipelines/watched/runs", null);
        Assert.True(started.IsSuccessStatusCode, $"{await defined.Content.ReadAsStringAsync()} {await started.Content.ReadAsStringAsync()}");
        Assert.True(await next);
        Assert.Equal("watched", runs.Current.Pipeline);
    }

    private static async Task<List<ChatEvent>> Read(HubConnection hub, string session, long after)
    {
        var events = new List<ChatEvent>();
        await foreach (var happened in hub.StreamAsync<ChatEvent>("Events", session, after, new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token))
            events.Add(happened);
        return events;
    }
}
