using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>Keys of files as the log keeps them: checkpoints under a name that no pipeline has, one for each file of a stream, written in the transaction of the first records that are called so (docs/adr/0034).</summary>
/// <remarks>They belong to the stream: another pipeline that reads the same file into it, or the same one after its file was gone for a while, goes on with them.
/// Records that were stored before keys were kept show by themselves what they are called by.</remarks>
internal sealed class FileKeys(ILogStore log, TenantId tenant, string pipeline, string partition) : IFileKeys
{
    /// <summary>Kept keys of other files that are looked at.</summary>
    private const int LookedAt = 100;

    /// <summary>Stored records that are read to see what they are called by.</summary>
    private const int Samples = 20;

    private const string Prefix = "*keys/";

    /// <summary>Under which name a stream's keys stand among the checkpoints.</summary>
    public static string Place(string stream) => Prefix + stream;

    public static CheckpointWrite Write(FileKeyWrite write) => new(Place(write.Stream), write.File, write.Key.ToJson());

    public async ValueTask<(FileKey Key, bool Kept)?> Of(string stream, string file, IReadOnlyList<string> candidates, CancellationToken cancellation)
    {
        if (await log.Checkpoint(tenant, Place(stream), file, cancellation) is { } kept)
            return (FileKey.Of(kept.State, file), true);
        var heads = await log.Heads(tenant, stream, null, PartitionMark.HeadName(pipeline, partition), LookedAt, cancellation);
        if (heads.Count == 0)
            heads = [.. (await log.Heads(tenant, stream, file + "#", null, Samples, cancellation)).Where(head => ShownKey.IsPlace(head.Key, file))];
        var named = heads.Where(head => !ShownKey.IsPlace(head.Key, file)).ToList();
        if (heads.Count > 0 && named.Count == 0)
            return (new FileKey([], false, MissingKey.Row), false);
        return await Shown(named, candidates, cancellation) is { } field ? (new FileKey([field], false, MissingKey.Row), false) : null;
    }

    public async ValueTask<IReadOnlyList<IReadOnlyList<string>>> Beside(string stream, IReadOnlyList<string> candidates, CancellationToken cancellation)
    {
        var kept = await log.Checkpoints(tenant, Place(stream), null, LookedAt, cancellation);
        IReadOnlyList<string>[] fields = [.. kept.Select(one => FileKey.Of(one.State, one.Partition).Fields).Where(fields => fields.Count > 0).DistinctBy(fields => string.Join('\n', fields), StringComparer.Ordinal)];
        if (fields.Length > 0)
            return fields;
        var heads = await log.Heads(tenant, stream, null, null, LookedAt, cancellation);
        return await Shown([.. heads.Where(head => !ShownKey.IsPlace(head.Key))], candidates, cancellation) is { } field ? [[field]] : [];
    }

    private async Task<string?> Shown(IReadOnlyList<HeadEntry> heads, IReadOnlyList<string> candidates, CancellationToken cancellation)
    {
        var records = new List<LogEntry>();
        foreach (var head in heads.Take(Samples))
            if ((await log.History(tenant, head.Stream, head.Key, null, 2, cancellation)).FirstOrDefault(version => version.Operation == RecordOperation.Upsert) is { } record)
                records.Add(record);
        return ShownKey.FieldOf(records, candidates);
    }
}
