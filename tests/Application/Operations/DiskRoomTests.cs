using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;

namespace Sophia.Operations;

// Goal: before the disk is full records and files are refused with the reason, runs wait and go on by themselves, and everything else works. Method: a probe that says what the test wants.
public sealed class DiskRoomTests : IAsyncLifetime
{
    private readonly SophiaApp app = new();
    private readonly SaidRoom disk = new();

    public Task InitializeAsync()
    {
        app.Adapt = builder => builder.Services.AddSingleton<IRoomProbe>(disk).PostConfigure<RoomOptions>(room => room.Folders.Clear()); // What room this machine has is none of its business.
        return app.InitializeAsync();
    }

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task A_disk_short_of_room_warns_and_one_without_refuses_until_there_is_room_again()
    {
        var folder = app.FilesOf("ports", ("ports.csv", "id,port\n1,Turku\n"));
        await Said(0.5);
        var definition = new { text = $"name: ports\nsources:\n  - type: files\n    path: {JsonSerializer.Serialize(folder)}\nstreams:\n  ports:\n    key: [id]\n" };
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.PutAsync("/api/pipelines/ports", new StringContent(definition.text))).StatusCode);
        Assert.Equal("succeeded", (await Run("succeeded")).GetProperty("state").GetString());

        await Said(0.85);
        Assert.Contains("85.0 % full", (await Part()).GetProperty("reason").GetString());
        Assert.Equal(HttpStatusCode.Accepted, (await Drop("one.txt")).StatusCode);

        await Said(0.96);
        Assert.Equal("degraded", (await Part()).GetProperty("state").GetString());
        Assert.Contains("96.0 % full", (await (await Drop("two.txt")).Problem(507, "storage-full")).GetProperty("detail").GetString());
        app.FilesOf("ports", ("ports.csv", "id,port\n1,Turku\n2,Vaasa\n"));
        var waiting = await Run("running");
        Assert.Contains("Waiting: The disk of the data folder is 96.0 % full", waiting.GetProperty("error").GetString());
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/search?q=Turku")).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await app.Owner.PostAsJsonAsync("/api/keys", new { label = "more", role = "viewer" })).StatusCode);

        await Said(0.5);
        var ended = await Newest(run => run.GetProperty("state").GetString() == "succeeded");
        Assert.Equal((waiting.GetProperty("runId").GetString(), 1), (ended.GetProperty("runId").GetString(), ended.GetProperty("counts").GetProperty("stored").GetInt32()));
        Assert.Equal(HttpStatusCode.Accepted, (await Drop("two.txt")).StatusCode);
    }

    private async Task Said(double used)
    {
        disk.Used = used;
        await Eventually.Get(Part, part => (part.GetProperty("state").GetString() == "healthy") == used < 0.8
            && (used < 0.8 || part.GetProperty("reason").GetString()!.Contains($"{used * 100:0.0} %", StringComparison.Ordinal)), $"health says {used}");
    }

    private async Task<JsonElement> Part() => (await app.Owner.GetFromJsonAsync<JsonElement>("/health")).GetProperty("parts").EnumerateArray().Single(part => part.GetProperty("name").GetString() == "disk");

    private Task<HttpResponseMessage> Drop(string path) => app.Owner.PostAsync($"/api/inbox?path={path}&start=false", new StringContent("Ann called."));

    private async Task<JsonElement> Run(string state)
    {
        var started = await (await app.Owner.PostAsync("/api/pipelines/ports/runs", null)).Json();
        var id = started.GetProperty("runId").GetString();
        return await Newest(run => run.GetProperty("runId").GetString() == id && run.GetProperty("state").GetString() == state
            && (state != "running" || run.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String));
    }

    private Task<JsonElement> Newest(Func<JsonElement, bool> fits) =>
        Eventually.Get(async () => (await app.Owner.GetFromJsonAsync<JsonElement>("/api/pipelines/ports/runs")).EnumerateArray().First(), fits, "the newest run");

    private sealed class SaidRoom : IRoomProbe
    {
        private const long Total = 8L << 30;

        public double Used { get; set; }

        public string Place => "data";

        public TimeSpan Every => TimeSpan.FromMilliseconds(20);

        public ValueTask<RoomReading> Look(CancellationToken cancellation) => new(new RoomReading(Total, (long)(Total * (1 - Used))));
    }
}
