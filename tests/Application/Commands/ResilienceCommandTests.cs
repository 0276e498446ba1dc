using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Sophia.Commands;

/// <summary>The commands for breakers, limits and policies, as people start them.</summary>
public sealed class ResilienceCommandTests : IDisposable
{
    private readonly BuiltProgram program = new();

    public void Dispose() => program.Dispose();

    [Fact]
    public async Task Breakers_are_listed_and_shown_with_their_rule_and_why_they_opened()
    {
        using (var taken = new TcpListener(IPAddress.Loopback, 0))
        {
            taken.Start();
            (program.Environment["SOPHIA_MODEL_URL"], program.Environment["SOPHIA_MODEL_NAME"]) = ($"http://{taken.LocalEndpoint}/v1", "m");
            taken.Stop();
        }
        await program.Up();
        Assert.Contains("No breaker was asked yet", (await program.Run("breakers")).Output);
        Assert.Equal(ExitCodes.Failed, (await program.Run("breakers", "show", "model")).ExitCode);
        Assert.Equal(0, (await program.Run("sample")).ExitCode);
        await program.Run("ask", "Who has a cold chain alarm?");
        var list = await Eventually.Get(() => program.Run("breakers", "list"), ran => ran.Output.Contains("model", StringComparison.Ordinal), "the breaker of the model");
        Assert.Contains("system", list.Output);
        var shown = await program.Run("breakers", "show", "system/model");
        Assert.Contains("opens at 5 failures in a row", shown.Output);
        Assert.Contains("closed", shown.Output);
        var json = JsonDocument.Parse((await program.Run("breakers", "list", "--json")).Output).RootElement;
        Assert.Contains("model", json.EnumerateArray().Select(breaker => breaker.GetProperty("dependency").GetString()));
    }

    [Fact]
    public async Task Limits_are_listed_shown_tried_set_and_reset()
    {
        program.Environment["SOPHIA_LIMITS"] = """{"limits":[{"name":"lists","per":"tenant","routes":["GET /api/pipelines"],"algorithm":"slidingWindow","limit":1000,"windowSeconds":36000,"exact":true},{"name":"api-key","per":"key","limit":500000}]}""";
        await program.Up();
        Assert.Contains("1000 within any 10 h, counted exactly", (await program.Run("limits")).Output);
        Assert.Contains("Nobody of default was refused of late.", (await program.Run("limits", "list")).Output);
        Assert.Contains("It would be admitted.", (await program.Run("limits", "test", "--route", "GET /api/pipelines")).Output);
        Assert.Contains("never: it costs more", (await program.Run("limits", "test", "--route", "GET /api/pipelines", "--cost", "1001")).Output);
        Assert.Equal(ExitCodes.Failed, (await program.Run("limits", "set", "lists", "1", "--reason", "a drill", "--confirm", "another")).ExitCode);
        Assert.Contains("a drill", (await program.Run("limits", "set", "lists", "1", "--reason", "a drill", "--confirm", "lists")).Output);
        var refused = await Eventually.Get(() => program.Run("pipelines", "list"), ran => ran.ExitCode != 0, "a refusal");
        Assert.Contains("lists", refused.Error);
        Assert.Contains("by default", (await program.Run("limits", "show", "lists")).Output);
        Assert.Equal(0, (await program.Run("limits", "reset", "lists", "--reason", "as ever", "--confirm", "lists")).ExitCode);
        await Eventually.Get(() => program.Run("pipelines", "list"), ran => ran.ExitCode == 0, "the terms that are configured");
        Assert.Contains("Nobody of this name", (await program.Run("limits", "release", "key:never", "--reason", "x", "--confirm", "key:never")).Error);
        var nobody = await program.Run("limits", "release", "key:never", "--owner", "t-nobody", "--reason", "x", "--confirm", "key:never");
        Assert.Equal((ExitCodes.Failed, "There is no such tenant."), (nobody.ExitCode, nobody.Error.Trim()));
        Assert.Equal("lists", JsonDocument.Parse((await program.Run("limits", "--json")).Output).RootElement.GetProperty("limits")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task Another_tenant_is_looked_after_by_its_name_and_what_stands_in_its_work_stays_its_own()
    {
        await program.Up();
        Assert.Equal(0, (await program.Run("keys", "tenant", "acme", "--keep")).ExitCode);
        Assert.Equal(0, (await program.Run("queue", "put", "jobs", "bill", """{"account":"zqx"}""", "--tenant", "acme")).ExitCode);
        Assert.Contains("No work was put in yet.", (await program.Run("queue")).Output);
        Assert.Contains("it floods", (await program.Run("queue", "hold", "jobs", "--reason", "it floods", "--confirm", "jobs", "--owner", "acme")).Output);
        Assert.Contains("it floods", (await program.Run("queue", "list", "--owner", "acme")).Output);
        Assert.Contains("jobs", (await program.Run("queue", "let-go", "jobs", "--reason", "done", "--confirm", "jobs", "--owner", "acme")).Output);
        Assert.Contains("jobs", (await program.Run("queue", "--owner", "acme")).Output);
        Assert.Contains("--owner is for list, hold and let-go.", (await program.Run("queue", "put", "jobs", "bill", "{}", "--owner", "acme")).Error);
        Assert.Contains("acme", (await program.Run("degradation", "set", "partial", "--because", "planned", "--confirm", "acme", "--owner", "acme")).Output);
        Assert.StartsWith("full", (await program.Run("degradation", "show")).Output, StringComparison.Ordinal);
        var trouble = await Eventually.Get(() => program.Run("trouble"), ran => ran.Output.Contains("acme", StringComparison.Ordinal), "acme's level is held");
        Assert.Contains("Held levels", trouble.Output);
        Assert.Equal(0, (await program.Run("degradation", "release", "--because", "done", "--confirm", "acme", "--owner", "acme")).ExitCode);
        Assert.Contains("Nothing is dead.", (await program.Run("dead", "--owner", "acme")).Output);
        Assert.Contains("Nobody of acme was refused of late.", (await program.Run("limits", "--owner", "acme")).Output);
        Assert.Contains("What stands in an item is its tenant's own", (await program.Run("dead", "edit", "1", "{}", "--reason", "x", "--confirm", "1", "--owner", "acme")).Error);
        Assert.Contains("There is no such tenant.", (await program.Run("breakers", "--owner", "nobody")).Error);
        Assert.Contains("Only operators of the system's tenant", (await program.Run("policies", "--owner", "default", "--tenant", "acme")).Error);
    }

    [Fact]
    public async Task Something_is_contained_by_hand_and_lifted_and_a_key_that_nobody_used_is_not_released()
    {
        await program.Up();
        var begun = await Eventually.Get(() => program.Run("domains", "contain", "tenant/default", "--strategy", "shed", "--because", "a drill", "--minutes", "5", "--confirm", "tenant/default"), ran => ran.ExitCode == 0, "the tenant is known");
        Assert.Contains("until", begun.Output);
        await Eventually.Get(() => program.Run("domains"), ran => ran.Output.Contains("applied", StringComparison.Ordinal), "in force");
        Assert.Equal(0, (await program.Run("domains", "lift", "1", "--because", "it was one", "--confirm", "tenant/default")).ExitCode);
        Assert.Contains("No such key is remembered.", (await program.Run("idempotency", "release", "never", "--reason", "stuck", "--confirm", "never")).Error);
        Assert.Contains("Nothing yet", (await program.Run("idempotency", "audit")).Output);
    }

    [Fact]
    public async Task Policies_are_listed_and_shown_with_their_rule_and_what_each_process_did()
    {
        using (var taken = new TcpListener(IPAddress.Loopback, 0))
        {
            taken.Start();
            (program.Environment["SOPHIA_MODEL_URL"], program.Environment["SOPHIA_MODEL_NAME"]) = ($"http://{taken.LocalEndpoint}/v1", "m");
            taken.Stop();
        }
        await program.Up();
        Assert.Contains("Nothing was called within minutes that has a policy.", (await program.Run("policies")).Output);
        Assert.Contains("No policy \"model\" was used within minutes", (await program.Run("policies", "show", "model")).Error);
        Assert.Equal(0, (await program.Run("sample")).ExitCode);
        await program.Run("ask", "Who has a cold chain alarm?");
        var list = await Eventually.Get(() => program.Run("policies", "list"), ran => ran.Output.Contains("model", StringComparison.Ordinal) && ran.Output.Contains("ask", StringComparison.Ordinal), "the policy of the model and the bulkhead of answers");
        Assert.Contains("dependency", list.Output);
        Assert.Contains("ask", list.Output);
        var shown = await program.Run("policies", "show", "system/model");
        Assert.True(shown.ExitCode == 0, shown.Error);
        Assert.Contains("model of system", shown.Output);
        Assert.Contains("model of system", (await program.Run("policies", "show", "model")).Output);
        await Eventually.Get(() => program.Run("policies", "show", "model", "--json"),
            ran => JsonDocument.Parse(ran.Output).RootElement.GetProperty("processes").EnumerateArray().Any(process => process.GetProperty("seen").GetProperty("failures").GetInt64() > 0), "the failures of the model");
        Assert.Equal("system", JsonDocument.Parse((await program.Run("policies", "--json")).Output).RootElement[0].GetProperty("owner").GetString());
        Assert.Equal((await program.Run("domains", "list", "--json")).ExitCode, (await program.Run("domains", "--json")).ExitCode);
        Assert.Contains("nothing is contained or proposed", (await program.Run("domains")).Output);
        Assert.Equal((await program.Run("runs", "--limit", "1", "--json")).Output, (await program.Run("runs", "list", "--limit", "1", "--json")).Output);
    }
}
