using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Quality;

/// <summary>From a file to a rule that a person switched on, over REST, against the real application; and what the report makes of hostile values.</summary>
public sealed class QualityFlowTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    [Fact]
    public async Task A_suggested_rule_is_switched_on_finds_its_counterexample_and_is_nobody_elses()
    {
        var towns = string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},{i % 3},{(i == 17 ? "Ulm" : "Bonn Trier Gera".Split(' ')[i % 3])}\n"));
        var folder = app.FilesOf("towns", ("towns.csv", "id,zip,city\n" + towns));
        Assert.True((await app.Owner.PutAsync("/api/pipelines/towns", new StringContent($"source:\n  type: files\n  path: {JsonSerializer.Serialize(folder)}\nstreams:\n  towns:\n    key: [id]\n", Encoding.UTF8, "application/yaml"))).IsSuccessStatusCode);
        Assert.True((await app.Owner.PostAsJsonAsync("/api/pipelines/towns/runs", new { })).IsSuccessStatusCode);
        await Eventually.Get(async () => (await app.Owner.GetAsync("/api/streams/towns%2Ftowns/profile")) is { IsSuccessStatusCode: true } answer ? (await answer.Json()).GetProperty("records").GetInt64() : 0, records => records == 60, "60 records profiled");

        var suggested = (await app.Owner.GetFromJsonAsync<JsonElement>("/api/streams/towns%2Ftowns/suggestions")).EnumerateArray().Single(s => s.GetProperty("kind").GetString() == "dependency" && s.GetProperty("field").GetString() == "city");
        var body = new { ids = new[] { suggested.GetProperty("id").GetString() }, pipeline = "towns" };
        Assert.Equal(403, (int)(await (await app.InRole("operator")).PostAsJsonAsync("/api/streams/towns%2Ftowns/suggestions/accept", body)).StatusCode);
        var outcome = await (await app.Owner.PostAsJsonAsync("/api/streams/towns%2Ftowns/suggestions/accept", body)).Json();
        Assert.Equal(2, outcome.GetProperty("version").GetInt32());

        var found = await app.Owner.GetFromJsonAsync<JsonElement>("/api/streams/towns%2Ftowns/findings");
        var finding = Assert.Single(found.GetProperty("items").EnumerateArray());
        Assert.Equal(("17", "Ulm"), (finding.GetProperty("key").GetString(), finding.GetProperty("value").GetString()));
        await (await (await app.NewTenant()).Client.GetAsync("/api/streams/towns%2Ftowns/findings")).Problem(404, "not-found");
    }

    [Fact]
    public void A_value_that_is_markup_stays_text_in_the_report()
    {
        const string Evil = "<script>alert(1)</script>|`*x*`";
        var profile = new StreamProfile(Evil, 1, 1, 1, DateTimeOffset.UnixEpoch, [new FieldProfile(Evil, 0, 1, Evil, Evil, 1, 1, [], [new ValueShare(Evil, 1, 1)], [], null)], [], "");
        var found = new FindingsPage(Evil, 1, 1, [], [new RuleCount(Evil, "type", Evil, 1, 1, Evil)], [new Finding(Evil, "type", Evil, Evil, Evil, Evil, Evil, Evil)], []);
        var markdown = QualityReport.Markdown(profile, found, [new Suggestion("0123456789", "type", Evil, Evil, "{}", 1, 1, [Evil])]);
        var html = QualityReport.Html(Evil, markdown);
        Assert.DoesNotContain("<script", html);
        Assert.Contains("&lt;script", html);
    }
}
