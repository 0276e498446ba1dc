using System.Text.Json;
using Sophia.Hosting;

namespace Sophia.Pipelines;

// Goal: who lists pipelines and who defines them never wait for each other, nor does who looks at retention. Method: the real application; definitions that enter, change and leave while others list without end.
public sealed class DefinedWhileListedTests(SophiaApp app) : IClassFixture<SophiaApp>
{
    private const int Pipelines = 6, Rounds = 8;

    [Fact]
    public async Task Pipelines_are_defined_and_removed_while_others_list_them_and_nobody_is_kept_waiting_for_somebody_who_waits_for_him()
    {
        using var done = new CancellationTokenSource();
        var listing = ((string[])["/api/pipelines", "/api/retention", "/pipelines"]).Select(path => List(path, done.Token)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Pipelines).Select(Define));
        await done.CancelAsync();
        await Task.WhenAll(listing);
        Assert.Empty((await (await app.Owner.GetAsync("/api/pipelines")).Json()).EnumerateArray());
    }

    private async Task List(string path, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            using var answer = await app.Owner.GetAsync(path, CancellationToken.None);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
        }
    }

    private async Task Define(int number)
    {
        var (name, folder) = ($"p{number}", JsonSerializer.Serialize(app.FilesOf($"p{number}", ("a.csv", "id,name\n1,Ada\n"))));
        for (var round = 1; round <= Rounds; round++)
        {
            using var defined = await app.Owner.PutAsync($"/api/pipelines/{name}", new StringContent($"name: {name}\nsources:\n  - type: files\n    path: {folder}\nstreams:\n  a:\n    retention:\n      days: {round}\n"));
            Assert.True(defined.IsSuccessStatusCode, await defined.Content.ReadAsStringAsync());
            using var removed = await app.Owner.DeleteAsync($"/api/pipelines/{name}");
            Assert.True(removed.IsSuccessStatusCode, await removed.Content.ReadAsStringAsync());
        }
    }
}
