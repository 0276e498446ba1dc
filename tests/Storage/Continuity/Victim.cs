using System.Diagnostics;
using System.Text;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Continuity;

/// <summary>The process that is killed: it appends as fast as it can and says on standard output what was acknowledged, one key a line; or it writes a tenant's files anew, kills itself within some write to them, or says how many there were.</summary>
internal static class Victim
{
    public static readonly TenantId Tenant = TenantId.Parse("acme");

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["scrub", var folder, var write])
            return await Scrub(folder, int.Parse(write, System.Globalization.CultureInfo.InvariantCulture));
        if (arguments is not ["victim", var root, var life])
            return 2;
        await using var store = new ScratchStore(options => options.CheckpointBytes = 256 * 1024, root);
        await using var output = Console.OpenStandardOutput();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(owner => Append(store, output, $"life{life}-owner{owner}")));
        return 0;
    }

    private static async Task<int> Scrub(string root, int last)
    {
        var writes = 0;
        using var vfs = new ShimVfs
        {
            Writing = () =>
            {
                if (Interlocked.Increment(ref writes) != last)
                    return;
                Process.GetCurrentProcess().Kill();
                new ManualResetEvent(false).WaitOne(); // Until it has come.
            },
        };
        await using (var store = new ScratchStore(root: root, vfs: vfs.Name))
            await store.Erasures.Scrub(Tenant, default);
        Console.Out.WriteLine(writes);
        return 0;
    }

    private static async Task Append(ScratchStore store, Stream output, string owner)
    {
        var fence = await store.Log.Acquire(Tenant, owner, default);
        for (var i = 0; ; i++)
        {
            var key = $"{owner}-{i}";
            var payload = Encoding.UTF8.GetBytes(key + new string('.', i * 37 % 2_000));
            var entry = new NewEntry(EntryType.Record, "contacts", key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload));
            fence = ((AppendOutcome.Committed)await store.Log.Append(Tenant, new AppendBatch { Fence = fence, At = DateTimeOffset.UnixEpoch, Entries = [entry] }, default)).Next;
            lock (output)
            {
                output.Write(Encoding.UTF8.GetBytes(key + "\n"));
                output.Flush();
            }
        }
    }
}
