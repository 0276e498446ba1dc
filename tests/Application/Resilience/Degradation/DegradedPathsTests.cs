using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Commands;
using Sophia.Hosting;
using Sophia.Knowledge;
using Sophia.Log;

namespace Sophia.Resilience;

// Goal: exports, replays, watched runs and an index that fails behave as docs/adr/0032 says, and the command line tells and holds levels. Method: the real application and program; the index fails by a stand-in before it.
public sealed class DegradedPathsTests : IAsyncLifetime
{
    private readonly SophiaApp app = new()
    {
        Adapt = builder =>
        {
            builder.Services.AddReplicas(static replicas => replicas.ExchangeEvery = TimeSpan.FromMilliseconds(100))
                .AddDegradation(static degradation => (degradation.StayFor, degradation.StepEvery, degradation.LookEvery) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100)));
            var index = builder.Services.Last(service => service.ServiceType == typeof(IIndexStore));
            builder.Services.AddSingleton(provider => SickIndex.Over((IIndexStore)(index.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, index.ImplementationType!))));
        },
    };

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Exports_and_replays_are_refused_with_a_time_where_they_are_off_and_come_back()
    {
        await Ingest("deals", ("a.csv", "id,name\n1,Ada\n"));
        var stream = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/streams")).EnumerateArray().Select(known => known.GetProperty("stream").GetString()).First(known => !known!.StartsWith("audit", StringComparison.Ordinal));
        await Hold("minimal");
        using var export = await app.Owner.GetAsync("/api/tenants/default/export");
        Assert.Contains("exports is off for now", (await export.Problem(503, "unavailable")).GetProperty("detail").GetString());
        Assert.NotNull(export.Headers.RetryAfter);
        using var replay = await app.Owner.PostAsJsonAsync("/api/pipelines/deals/replay", new { stream });
        Assert.Contains("replays is off for now", (await replay.Problem(503, "unavailable")).GetProperty("detail").GetString());
        Assert.NotNull(replay.Headers.RetryAfter);
        await Release();
        Assert.True((await app.Owner.GetAsync("/api/tenants/default/export")).IsSuccessStatusCode);
        using var again = await app.Owner.PostAsJsonAsync("/api/pipelines/deals/replay", new { stream });
        Assert.True(again.IsSuccessStatusCode, await again.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Where_the_index_fails_what_was_answered_before_is_answered_again_and_says_so()
    {
        await Ingest("kb", ("a.md", "# Oak\n\nThe oak stands behind the mill."));
        var fresh = await app.Owner.GetFromJsonAsync<JsonElement>("/api/search?q=oak+mill");
        var index = (SickIndex)(object)app.Services.GetRequiredService<IIndexStore>();
        index.IsDown = true;
        using var kept = await app.Owner.GetAsync("/api/search?q=oak+mill");
        var answer = await kept.Json();
        Assert.Equal(fresh.GetProperty("hits").GetArrayLength(), answer.GetProperty("hits").GetArrayLength());
        Assert.Equal("the index does not answer", answer.GetProperty("stale").GetProperty("because").GetString());
        Assert.NotNull(kept.Headers.Age);
        using var unknown = await app.Owner.GetAsync("/api/search?q=never+asked");
        Assert.Equal(503, (int)unknown.StatusCode);
        index.IsDown = false;
        Assert.False((await app.Owner.GetFromJsonAsync<JsonElement>("/api/search?q=oak+mill")).TryGetProperty("stale", out _));
    }

    [Fact]
    public async Task A_run_that_a_watched_folder_began_waits_and_one_that_a_person_began_does_not()
    {
        await Ingest("watched", [("a.csv", "id,name\n1,Ada\n")], "watch: true\n    watchEvery: 1s\n    ");
        await Ingest("asked", ("a.csv", "id,name\n1,Ada\n"));
        await Hold("partial");
        app.FilesOf("watched", ("b.csv", "id,name\n2,Bob\n"));
        var waits = await Eventually.Get(() => Newest("watched"), run => run.GetProperty("reason").GetString() == "changed" && Said(run).Contains("real_time_sync is off for now", StringComparison.Ordinal), "a run that waits");
        Assert.Equal("running", waits.GetProperty("state").GetString());
        using var asked = await app.Owner.PostAsJsonAsync("/api/pipelines/asked/runs", new { });
        await Eventually.Get(() => Newest("asked"), run => run.GetProperty("state").GetString() == "succeeded", "the run that a person began");
        await Release();
        await Eventually.Get(() => Newest("watched"), run => run.GetProperty("state").GetString() == "succeeded", "its end once everything is offered again");
    }

    [Fact]
    public async Task The_command_line_says_why_and_holds_a_level_until_it_is_released()
    {
        using var program = new BuiltProgram();
        await program.Up();
        Assert.StartsWith("full", (await program.Run("degradation", "show")).Output);
        var held = await program.Run("degradation", "set", "minimal", "--because", "a drill", "--confirm", "default");
        Assert.True(held.ExitCode == 0, held.Error);
        Assert.Contains("minimal", held.Output);
        var refused = await program.Run("degradation", "set", "emergency", "--because", "a drill", "--system", "--confirm", "default");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("confirm must be \"system\"", refused.Error);
        var shown = JsonDocument.Parse((await program.Run("degradation", "show", "--json")).Output).RootElement;
        Assert.Equal(("minimal", "set by an operator: a drill"), (shown.GetProperty("level").GetString(), shown.GetProperty("because").GetString()));
        Assert.StartsWith("full", (await program.Run("degradation", "release", "--because", "over", "--confirm", "default")).Output);
    }

    private static string Said(JsonElement run) => run.TryGetProperty("error", out var error) ? error.GetString() ?? "" : "";

    private async Task<JsonElement> Newest(string pipeline) => (await app.Owner.GetFromJsonAsync<JsonElement>($"/api/pipelines/{pipeline}/runs"))[0];

    private Task Level(string level) => Eventually.Get(() => app.Owner.GetFromJsonAsync<JsonElement>("/api/degradation"),
        status => status.GetProperty("level").GetString() == level && status.GetProperty("here").GetString() == level, level);

    private async Task Hold(string level)
    {
        using var held = await app.Owner.PostAsJsonAsync("/api/degradation/hold", new { level, because = "a drill", confirm = "default" });
        Assert.True(held.IsSuccessStatusCode, await held.Content.ReadAsStringAsync());
        await Level(level);
    }

    private async Task Release()
    {
        using var released = await app.Owner.PostAsJsonAsync("/api/degradation/release", new { because = "over", confirm = "default" });
        Assert.True(released.IsSuccessStatusCode, await released.Content.ReadAsStringAsync());
        await Level("full");
    }

    private Task Ingest(string name, params (string Path, string Text)[] files) => Ingest(name, files, "");

    private async Task Ingest(string name, (string Path, string Text)[] files, string more)
    {
        var folder = app.FilesOf(name, files);
        using var defined = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: files\n    {more}path: {JsonSerializer.Serialize(folder)}\n"));
        Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
        using var started = await app.Owner.PostAsJsonAsync($"/api/pipelines/{name}/runs", new { });
        await Eventually.Get(() => Newest(name), run => run.TryGetProperty("searchableAt", out var at) && at.ValueKind == JsonValueKind.String, "what was read to be found");
    }

    /// <summary>An index that answers nothing while it is down.</summary>
    public class SickIndex : DispatchProxy
    {
        private IIndexStore index = null!;

        public bool IsDown { get; set; }

        internal static IIndexStore Over(IIndexStore index)
        {
            var proxy = Create<IIndexStore, SickIndex>();
            ((SickIndex)(object)proxy).index = index;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            IsDown ? throw new StorageException(StorageFault.Unreachable, "The index is down.") : targetMethod!.Invoke(index, args);
    }
}
