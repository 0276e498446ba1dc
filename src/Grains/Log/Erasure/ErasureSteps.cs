using System.Globalization;
using System.Text.Json.Nodes;
using Sophia.Knowledge;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>What the steps of an erasure ask of grains beside it.</summary>
internal interface IErasureNeighbours
{
    /// <summary>Returns once the index has come past a position.</summary>
    /// <exception cref="RefusedException">Busy: not yet.</exception>
    Task Indexed(long position, CancellationToken cancellation);

    /// <summary>Whatever remembers texts or keys of these records beside the stores forgets them.</summary>
    Task Forget(IReadOnlyList<RecordKey> records);

    /// <summary>What is remembered of the tenant's records anywhere, and does not say of which, is forgotten (<see cref="ErasureCopies"/>).</summary>
    Task ForgetCopies(CancellationToken cancellation);
}

/// <summary>The steps of an erasure: each takes a job to its next state, may be interrupted anywhere, and is then done again.</summary>
internal sealed class ErasureSteps(TenantId tenant, ILogStore log, IErasureStore erasures, IIndexStore index, IRecordMarks marks, ErasureLook look, IErasureNeighbours neighbours, TimeProvider time)
{
    /// <summary>The stream of the audit in which erasures are written down.</summary>
    public const string AuditStream = OwnStreams.Audit + "/records";

    /// <summary>Records and items of one transaction.</summary>
    public const int Page = 200;

    public async Task<ErasureJob> Step(ErasureJob job, CancellationToken cancellation)
    {
        var (records, items) = (Of(job.Records, job.Page), Of(job.Items, job.Page));
        switch (job.Phase)
        {
            case ErasurePhase.Looking:
                return await look.Look(job, cancellation);
            case ErasurePhase.Counting:
                return await look.Count(job, cancellation);
            case ErasurePhase.Blocking when records.Count + items.Count > 0:
                return job with { Page = job.Page + 1, Through = Math.Max(job.Through, await Block(job, records, cancellation)) };
            case ErasurePhase.Blocking:
                return job with { Phase = ErasurePhase.Withdrawing, Page = 0 };
            case ErasurePhase.Withdrawing:
                await neighbours.Indexed(job.Through, cancellation);
                return job with { Phase = ErasurePhase.Removing };
            case ErasurePhase.Removing when records.Count + items.Count > 0:
                await erasures.Remove(tenant, job.Id, records, items, time.GetUtcNow(), cancellation);
                return job with { Page = job.Page + 1 };
            case ErasurePhase.Removing:
                // Nobody reads the rows any more; who had read them before, to build the index anew, has stored them when it is past.
                await neighbours.Indexed(job.Through, cancellation);
                return job with { Phase = ErasurePhase.Forgetting, Page = 0 };
            case ErasurePhase.Forgetting when records.Count > 0:
                await index.Erase(tenant, records, cancellation);
                await neighbours.Forget(records);
                return job with { Page = job.Page + 1 };
            case ErasurePhase.Forgetting:
                return ErasureRules.Anonymous(job) with { Phase = ErasurePhase.Scrubbing, Page = 0 };
            case ErasurePhase.Scrubbing:
                await neighbours.ForgetCopies(cancellation);
                await erasures.Scrub(tenant, cancellation);
                return await End(job, cancellation);
            default:
                return job;
        }
    }

    private async Task<long> Block(ErasureJob job, IReadOnlyList<RecordKey> records, CancellationToken cancellation)
    {
        var entries = new List<NewEntry>();
        foreach (var record in records)
            if (await log.Newest(tenant, record.Stream, record.Key, cancellation) is { Type: EntryType.Record, Operation: RecordOperation.Upsert })
                entries.Add(new NewEntry(EntryType.Record, record.Stream, record.Key, RecordOperation.Delete, default, EntryHash.Of(RecordOperation.Delete, default)));
        var known = new JsonArray([.. records.Select(record => (JsonNode)RecordMark.Text(marks.Of(tenant, record.Stream, System.Text.Encoding.UTF8.GetBytes(record.Key))))]);
        entries.Add(Audit(job, string.Create(CultureInfo.InvariantCulture, $"{job.Id}/{job.Page}"), "erase", ("records", records.Count), ("marks", known)));
        return await Append(job, entries, string.Create(CultureInfo.InvariantCulture, $"erasure/{job.Id}/{job.Page}"), records, cancellation);
    }

    private async Task<ErasureJob> End(ErasureJob job, CancellationToken cancellation)
    {
        var counts = await erasures.Counts(tenant, job.Id, cancellation);
        await Append(job, [Audit(job, $"{job.Id}/end", "erased", ("records", counts.Records), ("versions", counts.Versions), ("items", counts.Items))], $"erasure/{job.Id}/end", [], cancellation);
        return job with { Phase = ErasurePhase.Done, EndedAt = time.GetUtcNow(), Erased = counts.Records, Versions = counts.Versions, ErasedItems = counts.Items };
    }

    private async Task<long> Append(ErasureJob job, IReadOnlyList<NewEntry> entries, string once, IReadOnlyList<RecordKey> erases, CancellationToken cancellation)
    {
        var writer = new FencedWriter(log, tenant, "erasure"); // Each time anew: what was written already its once-key says, whoever wrote it.
        for (var tries = 1; ; tries++)
            switch (await writer.Append(new AppendBatch { Fence = FencedWriter.Unset, At = time.GetUtcNow(), Entries = entries, Erases = erases, Erasure = job.Id, OnceKey = once }, cancellation))
            {
                case LogWrite.Done done:
                    return done.Committed.LastPosition;
                case LogWrite.AlreadyDone already:
                    return already.Position;
                case LogWrite.Moved when tries < FencedWriter.MaxTries:
                    continue;
                default:
                    throw Superseded.Refusal($"The erasure {job.Id}", time);
            }
    }

    private NewEntry Audit(ErasureJob job, string key, string what, params ReadOnlySpan<(string Name, JsonNode Value)> said)
    {
        var json = new JsonObject { ["what"] = what, ["erasure"] = job.Id, ["by"] = job.AppliedBy, ["reference"] = job.Reference, ["at"] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture) };
        foreach (var (name, value) in said)
            json[name] = value;
        var payload = System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());
        return new NewEntry(EntryType.Audit, AuditStream, key, RecordOperation.Upsert, payload, EntryHash.Of(RecordOperation.Upsert, payload), OnlyIfChanged: false);
    }

    private static IReadOnlyList<T> Of<T>(IReadOnlyList<T> all, int page) => [.. all.Skip(page * Page).Take(Page)];
}
