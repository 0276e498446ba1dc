using System.Diagnostics;
using Sophia.Log;

namespace Sophia.Continuity;

/// <summary>Goal: whatever was acknowledged is there after the process was killed. Method: a child process appends under load and names each acknowledged key; it is killed, again and again, and its folder opened.</summary>
public sealed class KillTests
{
    private static readonly int Kills = Environment.GetEnvironmentVariable("SOPHIA_NIGHTLY") == "1" ? 100 : 8;

    [Fact]
    public async Task Every_acknowledged_append_survives_kills_under_load()
    {
        var root = Path.Combine(Path.GetTempPath(), "sophia-kill-" + Path.GetRandomFileName());
        var acknowledged = new List<string>();
        var random = new Random(1);
        try
        {
            for (var life = 0; life < Kills; life++)
            {
                acknowledged.AddRange(await LiveAndDie(root, life, random.Next(20, 500)));
                await using var store = new ScratchStore(root: root);
                var there = await Keys(store);
                Assert.Empty(acknowledged.Where(key => !there.Contains(key)));
                Assert.Equal("ok", await store.Files.Read(Victim.Tenant, LogSchema.Kind, static connection => connection.Prepare("PRAGMA integrity_check") is var check && check.Step() ? check.Text(0) : "", "", default));
            }
            Assert.True(acknowledged.Count > Kills * 20);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>Kills the child after so many acknowledgements; returns all that it gave.</summary>
    private static async Task<List<string>> LiveAndDie(string root, int life, int enough)
    {
        using var child = Process.Start(new ProcessStartInfo("dotnet", [typeof(KillTests).Assembly.Location, "victim", root, $"{life}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var keys = new List<string>();
        while (keys.Count < enough && await child.StandardOutput.ReadLineAsync() is { } key)
            keys.Add(key);
        if (keys.Count < enough)
            Assert.Fail($"the child ended by itself: {await child.StandardError.ReadToEndAsync()}");
        child.Kill();
        // What it had still said before it died counts too; a line that was cut off does not.
        var rest = await child.StandardOutput.ReadToEndAsync();
        keys.AddRange(rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await child.WaitForExitAsync();
        return keys;
    }

    private static async Task<HashSet<string>> Keys(ScratchStore store)
    {
        var keys = new HashSet<string>();
        long after = 0;
        while (await store.Log.Read(Victim.Tenant, after, 10_000, int.MaxValue, default) is { Count: > 0 } rows)
        {
            after = rows[^1].Position;
            foreach (var row in rows)
            {
                Assert.Equal(EntryHash.Of(row.Operation, row.Payload.Span), row.Hash);
                keys.Add(row.Key);
            }
        }
        return keys;
    }
}
