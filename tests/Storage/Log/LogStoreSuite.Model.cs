using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sophia.Quality;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Goal: the store does what the plain model does. Method: random appends by a few owners over a few keys, right and wrong fences among them, on both; every outcome and the end are compared.</summary>
public abstract partial class LogStoreSuite
{
    private static readonly DateTimeOffset[] Days = [Noon, Noon.AddDays(1)];
    private static int models;

    [EngineFact]
    public void Any_sequence_of_appends_ends_as_the_model_says()
    {
        var one = Gen.Choose(0, int.MaxValue);
        var sequences = one.ListOf(12).ToArbitrary();
        Prop.ForAll(sequences, seeds =>
        {
            Follow([.. seeds]).GetAwaiter().GetResult();
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    private async Task Follow(IReadOnlyList<int> seeds)
    {
        var tenant = TenantId.Parse($"model-{Interlocked.Increment(ref models).ToString(CultureInfo.InvariantCulture)}");
        var model = new LogModel();
        foreach (var seed in seeds)
        {
            var random = new Random(seed);
            var owner = $"owner-{random.Next(2)}";
            if (random.Next(4) == 0 || model.Current(owner).Epoch == 0)
                Assert.Equal(model.Acquire(owner), await Log.Acquire(tenant, owner, default));
            var batch = Batch(random, model, owner);
            Assert.Equivalent(model.Append(batch), await Log.Append(tenant, batch, default), strict: true);
        }
        await Compare(tenant, model);
    }

    private async Task Compare(TenantId tenant, LogModel model)
    {
        var rows = await Log.Read(tenant, 0, 10_000, int.MaxValue, default);
        Assert.Equal(model.Rows.Select(Plain), rows.Select(Plain));
        foreach (var stream in new[] { "contacts", "deals" })
        {
            var heads = await Log.Heads(tenant, stream, null, null, 10_000, default);
            Assert.Equal(
                model.Heads.Where(head => head.Key.Stream == stream).OrderBy(head => head.Key.Key, StringComparer.Ordinal).Select(head => (head.Key.Key, head.Value.Entry.Position, head.Value.Entry.Version, head.Value.Partition)),
                heads.Select(head => (head.Key, head.Position, head.Version, head.Partition)));
            foreach (var head in heads)
                Assert.Equal(model.Rows.Where(row => row.Stream == stream && row.Key == head.Key).Reverse().Select(Plain), (await Log.History(tenant, stream, head.Key, null, 1_000, default)).Select(Plain));
        }
        foreach (var count in await Log.Streams(tenant, default))
            Assert.Equal(
                (model.Heads.Count(h => h.Key.Stream == count.Stream && h.Value.Entry.Operation == RecordOperation.Upsert), model.Heads.Count(h => h.Key.Stream == count.Stream && h.Value.Entry.Operation == RecordOperation.Delete)),
                (count.Records, count.Deleted));
        var held = await Quarantine.List(tenant, new QuarantineQuery(State: null, Limit: 500), default);
        Assert.Equal(model.Quarantine.Select(item => (item.Key, item.State, item.HeadVersion)).Reverse(), held.Items.Select(item => (item.Key, item.State, item.HeadVersion)));
        Assert.Equal(model.Quarantine.Count(item => item.State == QuarantineState.Held), held.Held);
        Assert.Equal(held.Held, held.Reasons.Sum(reason => reason.Count));
    }

    private static AppendBatch Batch(Random random, LogModel model, string owner)
    {
        var fence = model.Current(owner);
        fence = random.Next(8) switch { 0 => fence with { Epoch = fence.Epoch - 1 }, 1 => fence with { Position = fence.Position + random.Next(-1, 2) }, _ => fence };
        return new AppendBatch
        {
            Fence = fence,
            At = Days[random.Next(2)],
            Run = random.Next(2) == 0 ? "" : $"run-{random.Next(3)}",
            OnceKey = random.Next(4) == 0 ? $"once-{random.Next(5)}" : null,
            Entries = [.. Enumerable.Range(0, random.Next(8)).Select(_ => Entry(random))],
            Quarantined = [.. Enumerable.Range(0, random.Next(3)).Select(_ => Held(random.Next(3) == 0 ? null : $"{random.Next(5)}", "email"))],
            Decisions = random.Next(3) == 0 ? [new QuarantineDecision(random.Next(1, 10), (QuarantineState)random.Next(1, 4), "ann", null)] : [],
        };
    }

    private static NewEntry Entry(Random random)
    {
        var operation = random.Next(5) == 0 ? RecordOperation.Delete : RecordOperation.Upsert;
        var payload = operation == RecordOperation.Delete ? [] : Encoding.UTF8.GetBytes($"{random.Next(3)}");
        return new NewEntry(EntryType.Record, random.Next(3) == 0 ? "deals" : "contacts", $"{random.Next(5)}", operation, payload, EntryHash.Of(operation, payload),
            random.Next(3) == 0 ? null : $"file-{random.Next(2)}", random.Next(4) != 0, random.Next(4) == 0 ? random.Next(3) : null);
    }

    private static string Plain(LogEntry row) =>
        $"{row.Position} {row.Type} {row.Stream} {row.Key} v{row.Version} {row.Operation} {Encoding.UTF8.GetString(row.Payload.Span)} {row.Hash} {row.At:O} {row.Run} <{row.Previous}";
}
