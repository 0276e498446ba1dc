using System.Text.Json;
using Sophia.Pipelines;

namespace Sophia.Commands;

/// <summary>Goal: who transforms records sees on a terminal what became of them. Method: the built program over a small folder, dry, in earnest and in a replay.</summary>
public sealed class TransformCommandTests : IDisposable
{
    private readonly BuiltProgram program = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sophia-orders-");

    public void Dispose()
    {
        program.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Transforms_are_shown_dry_in_a_run_in_why_and_in_a_replay()
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "orders.jsonl"), """
            {"id":"1","amount":"5","status":"paid"}
            {"id":"2","amount":"7","status":"test"}
            {"id":"3","amount":"many","status":"paid"}

            """);
        await program.Up();
        await Apply("[{filter: status != 'test'}, {cast: {amount: {type: number, onFailure: 'null'}}}]");

        var dry = (await program.Run("ingest", folder.FullName, "--pipeline", "shop", "--dry-run")).Output;
        Assert.Matches(@"shop/orders +1\. filter status != 'test' +3 +2 +0 +0\n +2\. cast amount: number +2 +2 +1 +0\n +all \(1 filtered\) +3 +2 +1 +0", dry);
        Assert.Matches(@"record 1\n +field +before +after\n +amount +""5"" +5", dry);
        Assert.Contains("is filtered", dry);

        var run = JsonDocument.Parse((await program.Run("ingest", folder.FullName, "--pipeline", "shop", "--json")).Output).RootElement.GetProperty("runId").GetString()!;
        var shown = (await program.Run("runs", "show", run)).Output;
        Assert.Contains("2. cast amount: number", shown);
        Assert.DoesNotContain("record 1", shown);
        Assert.Contains("1 values nulled", shown);
        var why = (await program.Run("why", "shop/orders/1")).Output;
        Assert.Contains("transformed by definition version 1", why);
        Assert.Contains("""the source said {"id":"1","amount":"5","status":"paid"}""", why);

        Assert.Contains("Nothing would be otherwise: 2 same", (await program.Run("replay", "shop", "--run", run)).Output);
        await Apply("[{cast: {amount: text}}]");
        var (code, replayed, _) = await program.Run("replay", "shop", "--stream", "shop/orders");
        Assert.Equal(0, code);
        Assert.Matches(@"shop/orders/1 version 1 changed\n +field +before +after\n +amount +5 +""5""", replayed);
        Assert.Contains("2 changed", replayed);
    }

    [Fact]
    public async Task What_a_mask_hid_fails_a_replay_with_the_reason()
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "people.jsonl"), """{"id":"1","mail":"a@b.example"}""" + "\n");
        await program.Up();
        await Apply("[{mask: {mail: redact}}]");
        var dry = (await program.Run("ingest", folder.FullName, "--pipeline", "shop", "--dry-run")).Output;
        Assert.Contains("(not shown: the stream masks values)", dry);
        Assert.DoesNotContain("a@b.example", dry);
        Assert.Equal(0, (await program.Run("ingest", folder.FullName, "--pipeline", "shop")).ExitCode);
        var (code, output, error) = await program.Run("replay", "shop", "--stream", "shop/people");
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Contains("None of 1 records could be taken through the transforms: what their source said is not kept", error);
        Assert.DoesNotContain("otherwise", output);
    }

    private async Task Apply(string transforms)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{folder.Name}.yaml");
        await File.WriteAllTextAsync(file, $"name: shop\nsources:\n  - type: files\n    path: {folder.FullName}\n    settleFor: 0s\nstreams:\n  \"*\":\n    key: [id]\n    transforms: {transforms}\ngate: {{minimumScore: 0}}\n");
        try
        {
            var (code, _, error) = await program.Run("pipelines", "apply", file, "--name", "shop");
            Assert.True(code == 0, error);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
